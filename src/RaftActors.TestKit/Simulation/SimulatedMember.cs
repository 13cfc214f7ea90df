using System.Buffers.Binary;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// One member with everything a shell does around a core: journal, timers, vote rounds, waiting clients, a state machine. All
/// of it but the journal is lost in a crash.
/// </summary>
public sealed partial class SimulatedMember
{
    private readonly CoreCluster _cluster;
    private readonly Queue<(LogIndex First, LogIndex Last, IReadOnlyList<EntryBatch> Batches, SnapshotInfo? Restore)> _toApply = new();
    private StreamMembership _membership;
    private readonly Dictionary<long, ClientWrite> _writes = [];
    private readonly Dictionary<long, ClientRead> _reads = [];
    private readonly Dictionary<long, OperatorRequest> _requests = [];
    private readonly HashSet<NodeId> _answered = [];
    private Effect.BeginVoteRound? _round;
    private readonly List<SimulatedJournal> _former = [];
    private bool _syncing;

    internal SimulatedMember(CoreCluster cluster, NodeId id, StreamMembership membership)
    {
        _cluster = cluster;
        _membership = membership;
        Id = id;
        Random = cluster.Random.Fork(1000 + (ulong)id.Value);
        _flow = cluster.Random.Fork(3000 + (ulong)id.Value);
        SimulationProfile profile = cluster.Profile;
        _clockRate = 1 + (profile.Drift * ((2.0 * Random.Below(1001) / 1000) - 1));
        if (profile.Leases)
        {
            // Nothing between the bounds is worse than the bounds.
            _clockRate = profile.Drift > 0.1
                ? (id.Value % 3 == 2 ? 1 - profile.Drift : 1 + profile.Drift)
                : cluster.Random.Fork(4000 + (ulong)id.Value).Pick([1 - profile.Drift, 1 + profile.Drift, _clockRate]);
        }

        _clockSkew = Random.Between(TimeSpan.Zero, profile.Skew);
    }

    /// <summary>The cluster that it is part of.</summary>
    public CoreCluster Cluster => _cluster;

    /// <summary>Its id.</summary>
    public NodeId Id { get; }

    /// <summary>This member's own chance.</summary>
    public SimulationRandom Random { get; }

    /// <summary>Its disk.</summary>
    public SimulatedJournal Journal { get; private set; } = new();

    /// <summary>Counts how often the journal was lost.</summary>
    public int Incarnation { get; private set; }

    /// <summary>The running core; null while the member is down.</summary>
    public RaftCore? Core { get; private set; }

    /// <summary>Counts the starts; what an earlier run arranged for later no longer concerns this one.</summary>
    public int Run { get; private set; }

    /// <summary>Whether it runs.</summary>
    public bool IsUp => Core is not null;

    /// <summary>Whether a recovery has left it out, for good.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>The generation that the invariants know it to be of.</summary>
    internal Generation ToldOf { get; set; }

    /// <summary>Whether it takes itself for the leader.</summary>
    public bool IsLeader => Core is { Role: Role.Leader };

    /// <summary>The state machine: the values in the order applied, by index; 0 for entries without a value.</summary>
    public List<ulong> Applied { get; } = [];

    /// <summary>Whether its state machine has applied more than its disk has.</summary>
    public bool IsAhead => IsUp && Applied.Count > Journal.DurableIndex.Value;

    /// <summary>How often it crashed when its state machine had applied more than its disk has.</summary>
    public int CrashesAhead { get; private set; }

    /// <summary>How much longer than usual this member's disk takes.</summary>
    public TimeSpan DiskDelay { get; set; }

    /// <summary>The clock that its core sees: it has an origin and a speed of its own.</summary>
    public TimeSpan Clock => _clockSkew + (_cluster.Time.Now * _clockRate);

    /// <summary>Clients of this member that wait.</summary>
    public int Waiting => _writes.Count + _reads.Count + _requests.Count;

    /// <summary>Starts it from what its disk holds.</summary>
    public void Start()
    {
        if (Journal.IsRotten)
        {
            // As the real journal: it does not start, and nothing is repaired.
            _cluster.Recorder?.Add(TraceKind.Note, Id, NodeId.None, "refuses to start: its journal is damaged");
            return;
        }

        Run++;
        _pausedUntil = TimeSpan.Zero;
        _cluster.Recorder?.Add(TraceKind.Started, Id, NodeId.None, $"(run {Run}, journal of {Journal.Durable.Count} writes)");
        Applied.Clear();
        ForgetSessions();
        RaftOptions options = _cluster.Profile.OptionsOf(Id, _membership, Random.Next()) with { Incarnation = Random.Fork(40 + (ulong)Run).Next() | 1 };
        try
        {
            Core = new RaftCore(options, Recovered(options));
        }
        catch (MemberFencedException)
        {
            // It stays down, as often as anybody tries.
            IsFenced = true;
            return;
        }

        RestoreAfterCrash();
        Take(new RaftInput.Start());
    }

    /// <summary>Power fails: everything but the disk is lost, and of that, perhaps, what was not confirmed.</summary>
    public void Crash()
    {
        _cluster.Recorder?.Add(TraceKind.Crashed, Id, NodeId.None, string.Empty);
        Journal.Crash(unsynced => Random.Chance(0.5) ? 0 : Random.Below(unsynced + 1), size => Random.Below(size + 1));
        CrashesAhead += IsAhead ? 1 : 0;
        Core = null;
        _crashAfter = -1;
        _failNextWrite = false;
        _toApply.Clear();
        ForgetTransfers();
        _round = null;
        _syncing = false;
        foreach (ClientWrite write in _writes.Values)
        {
            write.State = WriteState.Unknown;
        }

        foreach (ClientRead read in _reads.Values)
        {
            read.IsAnswered = true;
        }

        foreach (OperatorRequest request in _requests.Values)
        {
            request.IsAnswered = true;
        }

        _writes.Clear();
        _reads.Clear();
        _requests.Clear();
    }

    /// <summary>The disk is replaced by an empty one: the member comes back to join anew.</summary>
    public void Wipe()
    {
        LoseJournal();
        _membership = StreamMembership.Empty;
    }

    /// <summary>The disk is replaced by an empty one, and the member comes back as if nothing had happened.</summary>
    public void LoseJournal()
    {
        if (IsUp)
        {
            Crash();
        }

        _former.Add(Journal);
        Journal = new SimulatedJournal();
        IsFenced = false;
        _snapshots.Clear();
        Incarnation++;
    }

    /// <summary>True when its disk holds the entry, or a disk that it lost did: what that had acknowledged may still be on its way.</summary>
    public bool HoldsOrHeld(LogIndex index, Term term) => Journal.Holds(index, term) || _former.Exists(j => j.Holds(index, term));

    /// <summary>What it tells an operator who thinks of a recovery.</summary>
    public SurvivorReport Report()
    {
        LogIndex commit = Core!.CommitIndex;
        return new SurvivorReport(Id, Core.LastEntry, Core.TermAt(commit) is { } term ? new EntryId(term, commit) : EntryId.Zero);
    }

    /// <summary>A client writes here.</summary>
    public void Submit(ClientWrite write)
    {
        ProposedEntry[] entries = new ProposedEntry[write.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            byte[] data = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(data, write.FirstValue + (ulong)i);
            entries[i] = new ProposedEntry(EntryKind.Normal, data);
        }

        _writes.Add(write.Ticket, write);
        Take(new RaftInput.Propose(write.Ticket, entries));
    }

    /// <summary>A client reads here.</summary>
    public void Submit(ClientRead read)
    {
        _reads.Add(read.Ticket, read);
        Take(new RaftInput.ReadIndex(read.Ticket) { Lease = _cluster.Profile.Leases && read.Ticket % 3 != 0 });
    }

    /// <summary>An operator asks for something here.</summary>
    public void Submit(OperatorRequest request, RaftInput input)
    {
        _requests.Add(request.Ticket, request);
        Take(input);
    }

    /// <summary>Gives the core an input and carries out what it returns; later, when the process stands still.</summary>
    public void Take(RaftInput input) => Take(input, TraceKind.Input, NodeId.None, -1);

    internal void Take(RaftInput.Received received, int sent) => Take(received, TraceKind.Delivered, received.From, sent);

    private void Take(RaftInput input, TraceKind kind, NodeId from, int sent)
    {
        if (Core is not { } core)
        {
            return;
        }

        if (IsPaused)
        {
            Later(TimeSpan.Zero, () => Take(input, kind, from, sent));
            return;
        }

        SimulationTrace? trace = _cluster.Recorder;
        trace?.Add(kind, Id, from, input is RaftInput.Received received ? received.Message : input, sent);
        if (input is RaftInput.Received { Message: RequestVoteReply reply } && _round is { } round
            && reply.RequestTerm == round.Request.Term && reply.PreVote == round.Request.PreVote)
        {
            _answered.Add(((RaftInput.Received)input).From);
        }

        // The list is valid until the next step, and carrying out an effect may cause one.
        _cluster.BeginToAct(this);
        IReadOnlyList<Effect> effects = core.Step(Clock, input);
        foreach (Effect effect in effects.Count == 0 ? [] : effects.ToArray())
        {
            if (_crashAfter >= 0 && _crashAfter-- == 0)
            {
                _cluster.Crash(this);
                return;
            }

            if (effect is not Effect.Send)
            {
                trace?.Add(TraceKind.Effect, Id, NodeId.None, effect);
            }

            _cluster.TellEffect(this, effect);
            CarryOut(effect);
            _cluster.BeginToAct(this);
        }

        // A crash while an effect was carried out ends the step.
        if (Core == core)
        {
            _cluster.TellStepped(this);
        }
    }

    /// <summary>Lets something happen later by the member's own clock, unless it crashes before.</summary>
    private void Later(TimeSpan delay, Action action)
    {
        int run = Run;
        TimeSpan wait = delay / _clockRate;
        if (IsPaused)
        {
            wait = TimeSpan.FromTicks(Math.Max(wait.Ticks, (_pausedUntil - _cluster.Time.Now).Ticks));
        }

        _cluster.Time.In(wait, Act);

        void Act()
        {
            if (run != Run || !IsUp)
            {
                return;
            }

            if (IsPaused)
            {
                _cluster.Time.In(_pausedUntil - _cluster.Time.Now, Act);
                return;
            }

            _cluster.BeginToAct(this);
            action();
        }
    }

    private void CarryOut(Effect effect)
    {
        if (effect is Effect.RoleChanged change && HasSessions)
        {
            LeadOrFollowSessions(change);
        }

        switch (effect)
        {
            case Effect.Persist persist:
                Journal.Write(persist.Mark, persist.Event);
                SyncSoon();
                break;
            case Effect.Send send:
                _cluster.Deliver(Id, send.To, send.Message);
                break;
            case Effect.StartTimer start:
                Later(start.After, () => Take(new RaftInput.TimerElapsed(start.Timer, start.Generation)));
                break;
            case Effect.BeginVoteRound round:
                _round = round;
                _answered.Clear();
                AskForVotes(round);
                break;
            case Effect.EndVoteRound:
                _round = null;
                break;
            case Effect.Commit commit:
                _toApply.Enqueue((commit.First, commit.Last, commit.Batches, null));
                Later(Random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(1)) + ApplyDelay, Apply);
                break;
            case Effect.ReadEntries read:
                ReadFromJournal(read);
                break;
            case Effect.RoleChanged { Role: not Role.Leader }:
                GiveUpWrites();
                _sending.Clear();
                break;
            case Effect.ProposalAccepted accepted:
                _writes[accepted.Ticket].First = accepted.First;
                _writes[accepted.Ticket].State = WriteState.Accepted;
                break;
            case Effect.ProposalRefused refused:
                _writes.Remove(refused.Ticket, out ClientWrite? write);
                write!.State = WriteState.Refused;
                write.Refusal = refused.Refusal;
                break;
            case Effect.ChangeAccepted accepted when accepted.Ticket != 0:
                Answer(accepted.Ticket, accepted);
                break;
            case Effect.ChangeRefused refused when refused.Ticket != 0:
                Answer(refused.Ticket, refused);
                break;
            case Effect.RecoveryDone done:
                Answer(done.Ticket, done);
                break;
            case Effect.RecoveryRefused refused:
                Answer(refused.Ticket, refused);
                break;
            case Effect.Fenced:
                Crash();
                IsFenced = true;
                break;
            case Effect.TransferEnded ended when ended.Ticket != 0:
                Answer(ended.Ticket, ended);
                break;
            case Effect.PauseAnswered answered:
                Answer(answered.Ticket, answered);
                break;
            case Effect.ReadReady ready:
                AnswerRead(ready.Ticket, ready.Index);
                break;
            case Effect.ReadRefused refused:
                AnswerRead(refused.Ticket, null);
                break;
            default:
                CarryOutSnapshot(effect);
                break;
        }
    }

    private void SyncSoon()
    {
        if (_syncing)
        {
            return;
        }

        _syncing = true;
        TimeSpan takes = Random.Between(_cluster.Profile.MinDisk, _cluster.Profile.MaxDisk) + DiskDelay;
        Later(takes, () =>
        {
            _syncing = false;
            if (_failNextWrite || IsDiskFull)
            {
                // A failed write is final: the member stops, and nothing that waited for it leaves.
                _cluster.Crash(this);
                return;
            }

            JournalMark durable = Journal.Sync();
            DeleteFromJournalSoon();
            Take(new RaftInput.Durable(durable));
            FinishSnapshot();
        });
    }

    private void AskForVotes(Effect.BeginVoteRound round)
    {
        if (!ReferenceEquals(_round, round))
        {
            return;
        }

        foreach (NodeId peer in round.Peers)
        {
            if (!_answered.Contains(peer))
            {
                _cluster.Deliver(Id, peer, round.Request);
            }
        }

        Later(SimulationProfile.HeartbeatInterval, () => AskForVotes(round));
    }

    private void Apply()
    {
        (LogIndex first, LogIndex last, IReadOnlyList<EntryBatch> batches, SnapshotInfo? restore) = _toApply.Dequeue();
        if (restore is not null)
        {
            Restore(restore.Last);
        }

        foreach (EntryBatch batch in batches)
        {
            foreach (LogEntry entry in batch)
            {
                if (entry.Id.Index >= first && entry.Id.Index <= last)
                {
                    Applied.Add(ApplyOne(entry));
                }
            }
        }

        foreach (ClientWrite write in _writes.Values.Where(w => w.State == WriteState.Accepted && w.Last <= last).ToArray())
        {
            write.State = WriteState.Acknowledged;
            _writes.Remove(write.Ticket);
            if (!write.ConcernsSession)
            {
                _cluster.TellAcknowledged(this, write);
            }
        }

        if (HasSessions)
        {
            ArmClock();
        }

        Take(new RaftInput.Applied(last));
        if (_cluster.Profile.CommitNoticesAfterApply)
        {
            Take(new RaftInput.TellCommits());
        }

        SnapshotWhenDue();
    }

    private void GiveUpWrites()
    {
        foreach (ClientWrite write in _writes.Values.Where(w => w.State == WriteState.Accepted).ToArray())
        {
            write.State = WriteState.Unknown;
            _writes.Remove(write.Ticket);
        }
    }

    private void Answer(long ticket, Effect answer)
    {
        if (!_requests.Remove(ticket, out OperatorRequest? request))
        {
            throw new InvariantBrokenException($"member {Id} answered request {ticket} twice, or one that was never made");
        }

        request.IsAnswered = true;
        request.Answer = answer;
    }

    private void AnswerRead(long ticket, LogIndex? index)
    {
        if (!_reads.Remove(ticket, out ClientRead? read))
        {
            throw new InvariantBrokenException($"member {Id} answered read {ticket} twice, or one that was never asked");
        }

        read.IsAnswered = true;
        read.Index = index;
    }
}
