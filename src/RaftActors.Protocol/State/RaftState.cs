namespace RaftActors.Protocol;

/// <summary>
/// The facts of one member (Raft paper, figure 2) and the only ways in which they change. What is durable changes by
/// <see cref="Persist"/> alone; role and leader change through <see cref="RoleTransitions"/>.
/// </summary>
internal sealed partial class RaftState
{
    private JournalMark _lastMark;
    private IReadOnlyList<EntryBatch> _recoveredMemberships = [];
    private (JournalMark Mark, SnapshotInfo Snapshot)? _toRestore;

    public RaftState(RaftOptions options)
    {
        Options = options;
        Memberships = new MembershipHistory(options.Membership);
        Log = new RaftLog(options.MaxLogBytesInMemory, options.MaxLogEntriesInMemory, options.SpareLogBytesInMemory);
        Reads = new EntryReads(this);
        Applying = new ApplyQueue(options);
        Timers = new Timers(Effects);
        Clock = new ElectionClock(options, Timers, new SeededRandom(options.RandomSeed ^ options.Self.Value));
    }

    public RaftOptions Options { get; private set; }

    public NodeId Self => Options.Self;

    /// <summary>What the current step asks the shell to do.</summary>
    public List<Effect> Effects { get; } = [];

    public DurableOutbox Outbox { get; } = new();

    public Timers Timers { get; }

    public ElectionClock Clock { get; }

    public RaftLog Log { get; }

    /// <summary>Every membership that the log holds.</summary>
    public MembershipHistory Memberships { get; }

    /// <summary>Which incarnations are known; see <see cref="Introductions"/>.</summary>
    public KnownIncarnations Incarnations { get; } = new();

    /// <summary>The stay of this member in which another incarnation of it took part: it lost its journal since.</summary>
    public EntryId? LostJournalIn { get; set; }

    /// <summary>This member lost its journal, and with it the memory of its votes, in the stay that is still the present one as far as it knows.</summary>
    public bool HasLostJournal => LostJournalIn is { } stay && Membership.Find(Self) is not null && Membership.JoinedAt(Self) == stay;

    /// <summary>The membership in force: the last one in the log, committed or not.</summary>
    public StreamMembership Membership => Memberships.Current;

    /// <summary>The time that the current input came with.</summary>
    public TimeSpan Now { get; private set; }

    public Term Term { get; private set; }

    public NodeId VotedFor { get; private set; }

    /// <summary>Which history this member belongs to (<see cref="ForcedRecovery"/>).</summary>
    public Generation Generation { get; private set; }

    /// <summary>The term in which that history began.</summary>
    public Term Since { get; private set; }

    /// <summary>Who has fenced this member off from which generation; null while it takes part.</summary>
    public (Generation Generation, NodeId By)? FencedBy { get; private set; }

    /// <summary>The term, the vote and the generation as they stand.</summary>
    public TermState TermState => new(Term, VotedFor) { Generation = Generation, Since = Since };

    public Role Role { get; set; }

    public NodeId Leader { get; set; }

    /// <summary>When the leader of this term was last heard; says nothing while none is known.</summary>
    public TimeSpan LeaderHeardAt { get; set; }

    /// <summary>When any leader was last heard, or this run began: a leader's lease counts on it, whatever term this member has entered since.</summary>
    public TimeSpan LeaderContactAt { get; set; }

    /// <summary>The round of votes or pre-votes; null outside of one.</summary>
    public VoteTally? Tally { get; set; }

    /// <summary>What only a leader has; null for everybody else.</summary>
    public Leadership? Leadership { get; set; }

    /// <summary>The highest index known to be committed.</summary>
    public LogIndex CommitIndex { get; private set; }

    /// <summary>The highest index handed to the shell as committed. Not behind what is on this member's own disk, except for a leader that may be ahead (<see cref="RaftOptions.ApplyBeforeOwnDisk"/>).</summary>
    public LogIndex HandedOver { get; private set; }

    /// <summary>What the state machine has applied.</summary>
    public LogIndex AppliedIndex { get; private set; }

    /// <summary>
    /// The last index at which this log is known to match the leader of the current term. A leader never takes back what it
    /// has sent, so this cannot be truncated within the term; acknowledgements never claim more.
    /// </summary>
    public LogIndex MatchedThisTerm { get; private set; }

    /// <summary>The newest snapshot on this member's disk; null when there is none.</summary>
    public SnapshotInfo? Snapshot { get; private set; }

    /// <summary>The newest write asked for.</summary>
    public JournalMark LastMark => _lastMark;

    /// <summary>The write that holds the current term and vote.</summary>
    public JournalMark TermMark { get; private set; }

    /// <summary>Up to where a snapshot stands for the log, and the state machine does not need it either.</summary>
    public LogIndex MayForgetUpTo => LogIndex.Min(Snapshot?.Last.Index ?? LogIndex.Zero, AppliedIndex);

    public bool IsLeader => Role == Role.Leader;

    /// <summary>
    /// This member was started to join a stream and has heard nothing of it yet. It may be a former member that has lost its journal, and
    /// with it the memory of its votes: it gives none before a leader has taken it in.
    /// </summary>
    /// <remarks>The same for a member that follows a forced recovery, until it has what that began with.</remarks>
    public bool IsJoining => Membership.Members.IsEmpty || Log.Last.Term < Since || HasLostJournal || IsBeforeItsStay;

    /// <summary>
    /// The log has not come to the entry that took this member in, or it is not known yet which one that is. On the way there the log may name it as a voter of a former stay, whose votes and acknowledgements
    /// it has lost with its journal: until then it neither votes nor stands for election.
    /// </summary>
    /// <remarks>
    /// A member is added again only when its removal is committed. So a log that has come to the entry, or has one of a later term, holds the removal, and no membership of a former stay is in force in it.
    /// </remarks>
    private bool IsBeforeItsStay
    {
        get
        {
#if RAFT_MUTANTS
            if (Mutants.Active == Mutant.LostJournalsCount)
            {
                return false;
            }

#endif
            if (Incarnations.Own == 0 || Membership.Recovery is not null)
            {
                return false;
            }

            return Incarnations.OwnStay is { } stay ? stay.IsBehind(Log.Last) : Options.Membership.Members.IsEmpty;
        }
    }

    /// <summary>The stream went on without this member, as a member of it has said. Forgotten when a leader turns up.</summary>
    public bool WasRemoved { get; set; }

    /// <summary>Learners have no vote, and a log-only member has nothing that it could serve clients with; but see <see cref="MayTakeCare"/>.</summary>
    /// <remarks>
    /// Who loses that right keeps it until the entry that says so is committed: it may be the only one whose log is long enough to bring the others to it (thesis
    /// section 4.2.2, "a server that is not part of its own latest configuration should still start new elections").
    /// </remarks>
    public bool MayCampaign =>
        Membership.MayLead(Self)
        || (Memberships.CurrentIndex > CommitIndex && Memberships.At(Memberships.CurrentIndex.Previous).Membership.MayLead(Self));

    /// <summary>
    /// A log-only member with a vote. It may hold what no electable voter has (the leader crashed before its own disk had it), and then it refuses them all its vote. So when nobody has led for long,
    /// it may lead as a caretaker, for as long as it takes to bring one of them up to date (braft: a witness that is elected hands over at once).
    /// </summary>
    public bool MayTakeCare => !MayCampaign && Membership.IsVoter(Self) && Membership.Find(Self) is { Kind: MemberKind.LogOnly };

    /// <summary>When this member last led; a caretaker that handed over lets the others try before it stands again.</summary>
    public TimeSpan LedUntil { get; set; } = TimeSpan.MinValue;

    /// <summary>Other options from now on; only such as nobody was promised anything about.</summary>
    public void Tune(RaftTuning tuning) => Options = tuning.ApplyTo(Options);

    /// <summary>Begins a step.</summary>
    public void Begin(TimeSpan now)
    {
        Effects.Clear();
        Now = now > Now ? now : Now;
    }

    public void Emit(Effect effect) => Effects.Add(effect);

    /// <summary>Nothing is due any more.</summary>
    public void StopTimers()
    {
        Clock.Stop();
        foreach (RaftTimer timer in Enum.GetValues<RaftTimer>())
        {
            Timers.Stop(timer);
        }
    }

    /// <summary>Sends what claims nothing about the disk.</summary>
    public void Send<T>(NodeId to, T message)
        where T : PeerMessage, IMayLeaveAtOnce => Effects.Add(Effect.Send.AtOnce(to, message));

    /// <summary>Sends what must not leave before the write <paramref name="needs"/> and the current term are on disk.</summary>
    public void Promise<T>(JournalMark needs, NodeId to, T message)
        where T : PeerMessage, IPromise => Outbox.Hold(needs > TermMark ? needs : TermMark, to, message, Effects);

    /// <summary>Asks for a write and lets it take effect. Effects that rely on it wait in the outbox for its mark.</summary>
    public void Persist(RaftEvent fact)
    {
        _lastMark = _lastMark.Next;
#if RAFT_MUTANTS
        RaftEvent saved = Mutants.Active == Mutant.VoteIsNotSaved && fact is TermState vote ? vote with { VotedFor = NodeId.None } : fact;
        Effects.Add(new Effect.Persist(_lastMark, saved));
#else
        Effects.Add(new Effect.Persist(_lastMark, fact));
#endif
        Apply(fact, _lastMark);
    }

    /// <summary>Replays one event of the journal, through the same method as live operation.</summary>
    public void Recover(RaftEvent fact) => Apply(fact, JournalMark.Zero);

    /// <summary>Replays a compaction, with the memberships that stand in the log in front of it.</summary>
    public void Recover(LogCompacted compacted, IReadOnlyList<EntryBatch> memberships)
    {
        _recoveredMemberships = memberships;
        Recover(compacted);
        _recoveredMemberships = [];
    }

    /// <summary>After recovery: how far the state machine is restored. Everything up to the newest snapshot is known to be committed.</summary>
    public void StateIsAt(LogIndex? index)
    {
        LogIndex snapshot = Snapshot?.Last.Index ?? LogIndex.Zero;
        HandedOver = index ?? snapshot;
        Invariant.That(
            HandedOver >= Log.Base.Index && HandedOver <= Log.Last.Index,
            $"The state machine is restored to index {HandedOver}, but the log holds what is behind {Log.Base} up to {Log.Last}.");
        AppliedIndex = HandedOver;
        _recoveredLast = Log.Last.Index;
        CommitIndex = LogIndex.Max(snapshot, HandedOver);
    }

    /// <summary>The member starts: what is known to be committed is handed over.</summary>
    public void BeginToApply() => HandOverCommitted();

    /// <summary>The journal has confirmed all writes up to <paramref name="mark"/>.</summary>
    public void ConfirmDurable(JournalMark mark)
    {
        Invariant.That(mark <= _lastMark, "The journal confirmed a write that nobody asked for.");
        Log.ConfirmDurable(mark);
        Outbox.Release(mark, Effects);
        HandOverCommitted();
        Log.ForgetBefore(NeededInMemory());
    }

    /// <summary>The first index that the state machine or a live peer has not got yet. Who is silent may be so for long: it reads from the journal what it lacks then.</summary>
    private LogIndex NeededInMemory()
    {
        LogIndex needed = HandedOver.Next;
        if (Leadership is { } leadership)
        {
            foreach (PeerProgress peer in leadership.Peers)
            {
                if (Now - peer.LastHeard < Options.ElectionTimeoutMin)
                {
                    needed = LogIndex.Min(needed, peer.Match.Next);
                }
            }
        }

        return needed;
    }

    /// <summary>The log matches the current leader's up to <paramref name="index"/>.</summary>
    public void MatchedUpTo(LogIndex index) => MatchedThisTerm = LogIndex.Max(MatchedThisTerm, index);

    /// <summary>More is known to be committed (Raft paper section 5.3); never less.</summary>
    public void AdvanceCommit(LogIndex commit)
    {
        Invariant.That(commit <= Log.Last.Index, "An index behind the end of the log was taken for committed.");
        if (commit <= CommitIndex)
        {
            return;
        }

        CommitIndex = commit;
        HandOverCommitted();
    }

    /// <summary>The state machine reports how far it is.</summary>
    public void ReportApplied(LogIndex index)
    {
        Invariant.That(
            index >= AppliedIndex && index <= HandedOver,
            $"The state machine reports index {index} as applied; it was at {AppliedIndex} and was given entries up to {HandedOver}.");
        AppliedIndex = index;
        Applying.Applied(index);
        HandOverCommitted();
    }

    private void Apply(RaftEvent fact, JournalMark mark)
    {
        switch (fact)
        {
            case TermState state:
                Invariant.That(state.Term >= Term, $"Term {state.Term} would follow term {Term}.");
                Invariant.That(
                    state.Term > Term || VotedFor.IsNone || VotedFor == state.VotedFor,
                    $"In term {Term} the vote of {VotedFor} would become one for {state.VotedFor}.");
                Invariant.That(state.Generation >= Generation, $"Generation {state.Generation} would follow generation {Generation}.");
                if (state.Term > Term || state.Generation > Generation)
                {
                    MatchedThisTerm = LogIndex.Zero;
                }

                Term = state.Term;
                VotedFor = state.VotedFor;
                Generation = state.Generation;
                Since = state.Since;
                TermMark = mark;
                break;

            case RecoveryForced forced:
                Outbox.Clear();
                Apply(forced.State, mark);
                Apply(new EntriesAppended(forced.Batch), mark);
                break;

            case IncarnationTaken taken:
                Incarnations.Apply(taken, mark);
                break;

            case MemberMet met:
                Incarnations.Apply(met, mark);
                break;

            case MemberFenced fenced:
                FencedBy = (fenced.Generation, fenced.By);
                break;

            case EntriesAppended appended:
                Invariant.That(appended.Batch.Term <= Term, $"Entries of term {appended.Batch.Term} would be appended in term {Term}.");
                Invariant.That(
                    appended.Batch.FirstIndex > CommitIndex && appended.Batch.FirstIndex > MatchedThisTerm,
                    $"Entries from {appended.Batch.FirstIndex} on would go; up to {LogIndex.Max(CommitIndex, MatchedThisTerm)} they are committed or acknowledged.");
                Log.Append(appended.Batch, mark);
                if (Memberships.OnAppended(appended.Batch) && mark != JournalMark.Zero)
                {
                    Effects.Add(new Effect.MembershipChanged(Membership, Memberships.CurrentIndex));
                }

                break;

            case EntriesOnDisk stored:
                Invariant.That(stored.Term <= Term && stored.First > CommitIndex, $"Entries of term {stored.Term} from {stored.First} on would be replayed in term {Term}.");
                Log.AppendStored(stored);
                Memberships.ForgetFrom(stored.First);
                break;

            case LogCompacted compacted:
                Apply(compacted, mark);
                break;

            default:
                throw new InvariantViolationException($"The journal holds an event of unknown type {fact.GetType().Name}.");
        }
    }

    private void Apply(LogCompacted compacted, JournalMark mark)
    {
        Invariant.That(
            compacted.Base.Index <= compacted.Snapshot.Last.Index && compacted.Snapshot.Last.Index >= (Snapshot?.Last.Index ?? LogIndex.Zero),
            $"A log with {Snapshot} would be compacted to {compacted.Base} with {compacted.Snapshot}.");
        if (mark == JournalMark.Zero)
        {
            // Recovery: this event stands for all before it.
            Term = compacted.State.Term;
            VotedFor = compacted.State.VotedFor;
            Generation = compacted.State.Generation;
            Since = compacted.State.Since;
            Incarnations.Restore(compacted);
        }

        bool isReplaced = compacted.Base.Index > Log.Last.Index || !Log.Matches(compacted.Base);
        if (!isReplaced)
        {
            Log.CompactTo(compacted.Base);
        }
        else
        {
            LogIndex last = compacted.Snapshot.Last.Index;
            Invariant.That(
                compacted.Base == compacted.Snapshot.Last && last > CommitIndex && last > MatchedThisTerm,
                $"{compacted.Snapshot} would replace a log that is committed or acknowledged up to {LogIndex.Max(CommitIndex, MatchedThisTerm)}.");
            Log.Reset(compacted.Base, mark);
            CommitIndex = last;
            _toRestore = (mark, compacted.Snapshot);
        }

        Snapshot = compacted.Snapshot;
        if (mark == JournalMark.Zero || isReplaced)
        {
            Memberships.StartFrom(compacted.Snapshot, _recoveredMemberships);
        }
        else
        {
            Memberships.ForgetBefore(compacted.Snapshot.Last.Index);
        }

        Incarnations.ForgetAllBut(Memberships, Self);
        if (isReplaced && mark != JournalMark.Zero)
        {
            Effects.Add(new Effect.MembershipChanged(Membership, Memberships.CurrentIndex));
        }
    }
}
