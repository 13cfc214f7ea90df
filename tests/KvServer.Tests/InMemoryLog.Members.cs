using KvServer.Server;

namespace KvServer.Tests;

// Members in memory: changes are in force at once, or what a test says comes of them.
internal sealed partial class InMemoryLog
{
    public List<ClusterMember> Members { get; } = [new ClusterMember(1, ClusterMemberKind.Voter, "127.0.0.1:4001", true)];

    /// <summary>Decides about changes; null: done.</summary>
    public Func<ChangeOutcome?> OnChange { get; set; } = () => null;

    public Task<IReadOnlyList<ClusterMember>> GetMembersAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ClusterMember>>([.. Members]);

    public Task<ChangeOutcome> AddAsync(uint id, string address, ClusterMemberKind kind, CancellationToken cancellation) => Change(() =>
    {
        Members.RemoveAll(m => m.Id == id);
        Members.Add(new ClusterMember(id, kind, address, false));
    });

    public Task<ChangeOutcome> RemoveAsync(uint id, CancellationToken cancellation) => Change(() => Members.RemoveAll(m => m.Id == id));

    public Task<ChangeOutcome> TransferAsync(uint id, CancellationToken cancellation) => Change(() =>
    {
        uint next = id == 0 ? Members[^1].Id : id;
        for (int i = 0; i < Members.Count; i++)
        {
            Members[i] = Members[i] with { Leads = Members[i].Id == next };
        }
    });

    private Task<ChangeOutcome> Change(Action change)
    {
        if (OnChange() is { } decided)
        {
            return Task.FromResult(decided);
        }

        change();
        return Task.FromResult(ChangeOutcome.Done(Members.FirstOrDefault(m => m.Leads)?.Id ?? 0));
    }
}
