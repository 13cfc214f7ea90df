using BenchmarkDotNet.Attributes;
using RaftActors.Protocol;

namespace RaftActors.Benchmarks;

/// <summary>One write through a leader's core: proposal, own disk, the answers of two peers, commitment, applied. No actors, no IO.</summary>
[MemoryDiagnoser]
public class CoreBenchmarks
{
    private const int Steps = 256;

    private readonly byte[] _data = new byte[128];
    private ProposedEntry[] _entries = [];
    private RaftCore _core = null!;
    private JournalMark _mark;
    private TimeSpan _now = TimeSpan.FromSeconds(1);

    [Params(1, 64)]
    public int Entries { get; set; }

    // The log grows with every write; a fresh core for each iteration keeps them alike.
    [IterationSetup]
    public void Elect()
    {
        _entries = [.. Enumerable.Range(0, Entries).Select(_ => new ProposedEntry(EntryKind.Normal, _data))];
        _mark = JournalMark.Zero;
        _core = new RaftCore(
            new RaftOptions
            {
                Self = new NodeId(1),
                Membership = new StreamMembership([.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((uint)i), MemberKind.Voter, $"host:{i}"))]),
                ElectionTimeoutMin = TimeSpan.FromSeconds(1),
                ElectionTimeoutMax = TimeSpan.FromSeconds(2),
                HeartbeatInterval = TimeSpan.FromMilliseconds(100),
                PreVote = false,
                CheckQuorum = false,
                RandomSeed = 7,
            },
            []);
        Step(new RaftInput.Start());
        Step(new RaftInput.Campaign());
        Confirm();
        Step(new RaftInput.Received(new NodeId(2), new RequestVoteReply(_core.Term, _core.Term, false, true)));
        if (_core.Role != Role.Leader)
        {
            throw new InvalidOperationException("The core was to lead.");
        }
    }

    [Benchmark(OperationsPerInvoke = Steps)]
    public LogIndex Write()
    {
        for (int i = 0; i < Steps; i++)
        {
            Step(new RaftInput.Propose(i, _entries));
            Confirm();
            Step(new RaftInput.Applied(_core.CommitIndex));
        }

        return _core.CommitIndex;
    }

    private void Confirm()
    {
        Step(new RaftInput.Durable(_mark));
    }

    private void Step(RaftInput input)
    {
        Queue<RaftInput> answers = new();
        answers.Enqueue(input);
        while (answers.TryDequeue(out RaftInput? next))
        {
            _now += TimeSpan.FromMicroseconds(1);
            foreach (Effect effect in _core.Step(_now, next))
            {
                switch (effect)
                {
                    case Effect.Persist persist:
                        _mark = persist.Mark;
                        break;
                    case Effect.Send { Message: AppendEntries append } send:
                        answers.Enqueue(new RaftInput.Received(send.To, new AppendEntriesReply(append.Term, append.Token, true, append.LastIndex)));
                        break;
                }
            }
        }
    }
}
