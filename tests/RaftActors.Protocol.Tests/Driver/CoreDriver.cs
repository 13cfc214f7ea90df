using System.Text;
using Xunit;

namespace RaftActors.Protocol.Tests.Driver;

/// <summary>
/// One core stepped by hand: the test plays the peers, the disk, the timers and the clients. Nothing reaches the disk before
/// <see cref="Confirm"/>.
/// </summary>
internal sealed class CoreDriver
{
    private readonly Dictionary<RaftTimer, (long Generation, TimeSpan Deadline)> _timers = [];
    private readonly Dictionary<uint, ulong> _lastTokens = [];
    private JournalMark _written;
    private long _ticket;

    private CoreDriver(RaftOptions options, IEnumerable<RaftEvent> journal) => Core = new RaftCore(options, journal);

    public RaftCore Core { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(10);

    /// <summary>The effects of the latest step.</summary>
    public IReadOnlyList<Effect> Effects { get; private set; } = [];

    /// <summary>Everything that was ever asked to be written, in order.</summary>
    public List<RaftEvent> Journal { get; } = [];

    public static NodeId Node(uint id) => new(id);

    public static StreamMembership Voters(params uint[] ids) =>
        new([.. ids.Select(id => new Member(Node(id), MemberKind.Voter, $"host:{id}"))]);

    public static StreamMembership Members(params (uint Id, MemberKind Kind)[] members) =>
        new([.. members.Select(m => new Member(Node(m.Id), m.Kind, $"host:{m.Id}"))]);

    public static RaftOptions Options(StreamMembership membership, uint self = 1) => new()
    {
        Self = Node(self),
        Membership = membership,
        ElectionTimeoutMin = TimeSpan.FromMilliseconds(1000),
        ElectionTimeoutMax = TimeSpan.FromMilliseconds(2000),
        HeartbeatInterval = TimeSpan.FromMilliseconds(100),
        RandomSeed = 7,
    };

    /// <summary>Member 1 of voters 1 to <paramref name="voters"/>, started.</summary>
    public static CoreDriver Start(int voters = 3, params RaftEvent[] journal) =>
        Start(Options(Voters([.. Enumerable.Range(1, voters).Select(i => (uint)i)])), journal);

    public static CoreDriver Start(RaftOptions options, params RaftEvent[] journal)
    {
        CoreDriver driver = new(options, journal);
        driver.Step(new RaftInput.Start());
        return driver;
    }

    /// <summary>A member that follows member 2 in <paramref name="term"/> already, everything on disk.</summary>
    public static CoreDriver Following(long term = 1, int voters = 3, params RaftEvent[] journal)
    {
        CoreDriver driver = Start(voters, journal);
        driver.Receive(2, Heartbeat(term, EntryId.Zero));
        driver.Confirm();
        return driver;
    }

    /// <summary>A leader whose election and no-op are on its disk.</summary>
    public static CoreDriver Leading(int voters = 3, params RaftEvent[] journal) =>
        Leading(Options(Voters([.. Enumerable.Range(1, voters).Select(i => (uint)i)])), journal);

    public static CoreDriver Leading(RaftOptions options, params RaftEvent[] journal)
    {
        CoreDriver driver = Start(options, journal);
        driver.BecomeLeader();
        driver.Confirm();
        return driver;
    }

    /// <summary>A leader whose whole log, its no-op included, is on everybody's disk, and committed.</summary>
    public static CoreDriver LeadingInSync(RaftOptions options, params RaftEvent[] journal)
    {
        CoreDriver driver = Leading(options, journal);
        long last = driver.Core.LastEntry.Index.Value;
        foreach (NodeId peer in options.Membership.Peers(options.Self))
        {
            driver.Acknowledge(peer.Value, last);
        }

        Assert.Equal(last, driver.Core.CommitIndex.Value);
        return driver;
    }

    /// <summary>A log of batches, given by the term of each entry: <c>History(1, 1, 2)</c> is 1:1 1:2 2:3, in term 2.</summary>
    public static RaftEvent[] History(params long[] terms)
    {
        List<RaftEvent> events = [];
        Term term = Term.Zero;
        for (int i = 0; i < terms.Length; i++)
        {
            if (new Term(terms[i]) > term)
            {
                term = new Term(terms[i]);
                events.Add(new TermState(term, NodeId.None));
            }

            events.Add(new EntriesAppended(Batch(terms[i], i + 1)));
        }

        return [.. events];
    }

    public static EntryBatch Batch(long term, long first, params string[] values)
    {
        string[] entries = values.Length == 0 ? [$"{term}:{first}"] : values;
        return EntryBatch.Create(new Term(term), new LogIndex(first), [.. entries.Select(v => new ProposedEntry(EntryKind.Normal, Encoding.UTF8.GetBytes(v)))]);
    }

    public static EntryId Id(long term, long index) => new(new Term(term), new LogIndex(index));

    public static AppendEntries Heartbeat(long term, EntryId previous, long commit = 0, ulong token = 1) =>
        new(new Term(term), token, previous, new LogIndex(commit), []);

    public static AppendEntries Append(long term, EntryId previous, long commit, ulong token, params EntryBatch[] batches) =>
        new(new Term(term), token, previous, new LogIndex(commit), batches);

    public IReadOnlyList<Effect> Step(RaftInput input)
    {
        Effects = [.. Core.Step(Now, input)];
        foreach (Effect effect in Effects)
        {
            switch (effect)
            {
                case Effect.Persist persist:
                    Assert.Equal(_written.Next, persist.Mark);
                    _written = persist.Mark;
                    Journal.Add(persist.Event);
                    break;
                case Effect.Send { Message: AppendEntries append } send:
                    _lastTokens[send.To.Value] = append.Token;
                    break;
                case Effect.StartTimer start:
                    _timers[start.Timer] = (start.Generation, Now + start.After);
                    break;
                case Effect.StopTimer stop:
                    _timers.Remove(stop.Timer);
                    break;
            }
        }

        return Effects;
    }

    public IReadOnlyList<Effect> Receive(uint from, PeerMessage message) => Step(new RaftInput.Received(Node(from), message));

    /// <summary>The disk confirms everything that was written.</summary>
    public IReadOnlyList<Effect> Confirm() => Confirm(_written);

    public IReadOnlyList<Effect> Confirm(JournalMark mark) => Step(new RaftInput.Durable(mark));

    public JournalMark Written => _written;

    public bool IsRunning(RaftTimer timer) => _timers.ContainsKey(timer);

    public TimeSpan TimeUntil(RaftTimer timer) => _timers[timer].Deadline - Now;

    /// <summary>Time passes until this timer runs out.</summary>
    public IReadOnlyList<Effect> Elapse(RaftTimer timer)
    {
        (long generation, TimeSpan deadline) = _timers[timer];
        _timers.Remove(timer);
        Now = deadline > Now ? deadline : Now;
        return Step(new RaftInput.TimerElapsed(timer, generation));
    }

    /// <summary>Time passes; no timer is told.</summary>
    public void Wait(TimeSpan time) => Now += time;

    public long Propose(params string[] values) => Propose(default(Term), values);

    public long Propose(Term expected, params string[] values)
    {
        Step(new RaftInput.Propose(++_ticket, [.. values.Select(v => new ProposedEntry(EntryKind.Normal, Encoding.UTF8.GetBytes(v)))], expected));
        return _ticket;
    }

    /// <summary>Proposed, and on the leader's own disk.</summary>
    public void ProposeDurably(string value)
    {
        Propose(value);
        Confirm();
    }

    public long Read()
    {
        Step(new RaftInput.ReadIndex(++_ticket));
        return _ticket;
    }

    /// <summary>Wins an election: time passes, and as many others as needed say yes.</summary>
    public void BecomeLeader()
    {
        if (Core.Role == Role.Follower)
        {
            Elapse(RaftTimer.Election);
        }

        Grant(preVote: true);
        Confirm();
        Grant(preVote: false);
        Assert.Equal(Role.Leader, Core.Role);
    }

    /// <summary>The other voters grant what the member campaigns for, until it has what it wants.</summary>
    public void Grant(bool preVote)
    {
        Role campaigning = preVote ? Role.PreCandidate : Role.Candidate;
        foreach (NodeId voter in Core.Membership.Peers(Core.Options.Self).Where(Core.Membership.IsVoter))
        {
            if (Core.Role == campaigning)
            {
                Term term = preVote ? Core.Term.Next : Core.Term;
                Receive(voter.Value, new RequestVoteReply(preVote ? Core.Term : term, term, preVote, true));
            }
        }
    }

    /// <summary>A peer acknowledges; with a token of its own unless one is given.</summary>
    public IReadOnlyList<Effect> Acknowledge(uint from, long index, ulong? token = null) =>
        Receive(from, new AppendEntriesReply(Core.Term, token ?? LastTokenTo(from), true, new LogIndex(index)));

    /// <summary>The token of the newest append that this peer was sent.</summary>
    public ulong LastTokenTo(uint peer) => _lastTokens[peer];

    /// <summary>The messages of this type that the latest step sent.</summary>
    public IReadOnlyList<(uint To, T Message)> Sent<T>()
        where T : PeerMessage =>
        [.. Effects.OfType<Effect.Send>().Where(s => s.Message is T).Select(s => (s.To.Value, (T)s.Message))];

    public T SentOne<T>(uint to)
        where T : PeerMessage => Assert.Single(Sent<T>(), s => s.To == to).Message;

    public T Only<T>()
        where T : Effect => Assert.Single(Effects.OfType<T>());

    public IReadOnlyList<T> All<T>()
        where T : Effect => [.. Effects.OfType<T>()];

    public IReadOnlyList<RaftEvent> Persisted => [.. Effects.OfType<Effect.Persist>().Select(p => p.Event)];

    public EntryId[] EntryIds => [.. Enumerable.Range(1, (int)Core.LastEntry.Index.Value).Select(i => new EntryId(Core.TermAt(new LogIndex(i))!.Value, new LogIndex(i)))];
}
