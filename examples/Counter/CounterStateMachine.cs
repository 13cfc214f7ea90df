using RaftActors;

namespace Counter;

/// <summary>The replicated state: one number. Every member applies the same entries in the same order, so every member has the same number.</summary>
internal sealed class CounterStateMachine : IStateMachine
{
    private long _value;

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            _value += BitConverter.ToInt64(entry.Data.Span);
            entry.Reply(BitConverter.GetBytes(_value)); // Goes to whoever proposed it.
        }
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) => BitConverter.GetBytes(_value);
}
