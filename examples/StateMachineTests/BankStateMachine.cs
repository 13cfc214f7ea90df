using System.Text;

namespace StateMachineTests;

/// <summary>The state machine under test: accounts, and transfers between them. Money never appears or disappears.</summary>
internal sealed class BankStateMachine : IStateMachine
{
    public const int InitialBalance = 100;
    private readonly SortedDictionary<string, int> _accounts = new(StringComparer.Ordinal) { ["ann"] = InitialBalance, ["bob"] = InitialBalance, ["cho"] = InitialBalance };

    public int Total => _accounts.Values.Sum();

    public int this[string account] => _accounts[account];

    /// <summary>A command is "from to amount"; the answer is "ok" or why not.</summary>
    public static byte[] Transfer(string from, string to, int amount) => Encoding.UTF8.GetBytes($"{from} {to} {amount}");

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            string[] words = Encoding.UTF8.GetString(entry.Data.Span).Split(' ');
            entry.Reply(Encoding.UTF8.GetBytes(Apply(words[0], words[1], int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture))));
        }
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) => BitConverter.GetBytes(_accounts[Encoding.UTF8.GetString(query.Span)]);

    // What the test kit compares between members. Must depend on the state alone.
    public ulong StateHash()
    {
        ulong hash = 17;
        foreach ((string account, int balance) in _accounts)
        {
            foreach (char c in account)
            {
                hash = (hash * 31) + c;
            }

            hash = (hash * 31) + (ulong)balance;
        }

        return hash;
    }

    private string Apply(string from, string to, int amount)
    {
        if (_accounts[from] < amount)
        {
            return "not enough";
        }

        _accounts[from] -= amount;
        _accounts[to] += amount;
        return "ok";
    }
}
