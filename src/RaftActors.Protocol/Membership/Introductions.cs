using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>
/// Keeps a member that lost its journal from taking part as if nothing had happened: it has forgotten its votes and what it acknowledged. Each member draws a number when it begins with an empty
/// journal, its incarnation, and says it with everything; the others remember the first one that they meet and refuse promises of any other, until the member is removed and added again.
/// </summary>
/// <remarks>
/// What is remembered belongs to one stay of a member (<see cref="StreamMembership.JoinedAt"/>), so that a change of the membership that is rolled back does not make anybody forget, and one that was slept through
/// does not make anybody insist. In a first stay nothing older can arrive, so the first word counts. In a later one a message of the former stay may still be on its way: then the member is
/// asked, and its answer counts.
/// </remarks>
internal sealed class Introductions
{
    private const int MostHeld = 64;

    private readonly RaftState _state;
    private readonly LeaderReplication _leader;
    private readonly Dictionary<NodeId, (EntryId Joined, ulong Context, TimeSpan At)> _asked = [];
    private readonly Dictionary<NodeId, ulong> _told = [];
    private readonly Queue<RaftInput.Received> _held = new();
    private ulong _context;
    private bool _saysLost;

    public Introductions(RaftState state, LeaderReplication leader)
    {
        _state = state;
        _leader = leader;
        _context = new SeededRandom((state.Options.RandomSeed * 0x9E3779B97F4A7C15) ^ state.Self.Value).Next() | 1;
    }

    private enum Verdict
    {
        Admitted,
        Held,
        Refused,
    }

    private KnownIncarnations Known => _state.Incarnations;

    /// <summary>The member starts: without an incarnation it takes one.</summary>
    public void Begin()
    {
        if (Known.Own == 0 && _state.Options.Incarnation != 0)
        {
            bool isOfOldJournal = _state.Log.Last != EntryId.Zero;
            _state.Persist(new IncarnationTaken(_state.Options.Incarnation));
            if (isOfOldJournal)
            {
                // A journal from before incarnations lost nothing.
                _state.Persist(new MemberMet(_state.Self, _state.Membership.JoinedAt(_state.Self), _state.Options.Incarnation));
            }
        }
    }

    /// <summary>True when this member may speak: nobody may hear of an incarnation that a crash could take back.</summary>
    public bool MaySpeak => Known.OwnMark <= _state.Outbox.Durable;

    /// <summary>Looks who speaks.</summary>
    /// <returns>True when the message may be looked at now.</returns>
    public bool Admits(RaftInput.Received received)
    {
        Verdict verdict = Judge(received);
        if (verdict == Verdict.Held && _held.Count < MostHeld)
        {
            _held.Enqueue(received);
        }

        return verdict == Verdict.Admitted;
    }

    /// <summary>The disk has confirmed something: what waited for that is judged again.</summary>
    /// <param name="handle">Gets what may be looked at now.</param>
    public void Release(Action<RaftInput.Received> handle)
    {
        for (int i = _held.Count; i > 0; i--)
        {
            RaftInput.Received received = _held.Dequeue();
            if (Admits(received))
            {
                handle(received);
            }
        }
    }

    /// <summary>A member introduces itself and others.</summary>
    public void OnIntroduction(RaftInput.Received received, Introduction message)
    {
        NodeId from = received.From;
        StreamMembership membership = _state.Membership;
        if (received.Incarnation != 0 && !message.Asks && membership.Find(from) is not null
            && _asked.TryGetValue(from, out (EntryId Joined, ulong Context, TimeSpan At) asked)
            && asked.Context == message.Context && asked.Joined == membership.JoinedAt(from))
        {
            _asked.Remove(from);
            Meet(from, asked.Joined, received.Incarnation);
            if (asked.Joined != EntryId.Zero)
            {
                // It wants to know from which entry on it belongs to the stream.
                Say(from, 0, asks: false);
            }
        }

        foreach (MemberMet met in message.Known)
        {
            if (met.Member == _state.Self && Known.Own != 0 && met.Incarnation == Known.Own)
            {
                if (Known.OwnStay is not { } stay || met.Joined.IsBehind(stay))
                {
                    _state.Persist(met);
                }

                continue;
            }

            if (membership.Find(met.Member) is null || membership.JoinedAt(met.Member) != met.Joined)
            {
                continue;
            }

            if (met.Member != _state.Self)
            {
                Meet(met.Member, met.Joined, met.Incarnation);
            }
            else if (Known.Own != 0 && met.Incarnation != Known.Own)
            {
                HearOfLoss(from, met);
            }
        }

        if (message.Asks)
        {
            Say(from, message.Context, asks: false);
        }
    }

    /// <summary>Now and then: asks those that are not known yet, so that everybody is before it matters.</summary>
    public void AskStrangers()
    {
        if (Known.Own == 0 || !MaySpeak)
        {
            return;
        }

        foreach (NodeId peer in _state.Membership.Peers(_state.Self))
        {
            if (Known.Find(peer, _state.Membership.JoinedAt(peer)) is null || WaitsForItsStay)
            {
                Ask(peer);
            }
        }
    }

    /// <summary>A member that joined has to be told from which entry on it belongs to the stream, and what was said once may be lost.</summary>
    private bool WaitsForItsStay => Known.OwnStay is null && _state.Options.Membership.Members.IsEmpty;

    private Verdict Judge(RaftInput.Received received)
    {
        NodeId from = received.From;
        StreamMembership membership = _state.Membership;
        if (received.Incarnation == 0 || received.Message is Introduction || membership.Find(from) is null)
        {
            return Verdict.Admitted;
        }

#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.LostJournalsCount)
        {
            return Verdict.Admitted;
        }

#endif
        EntryId joined = membership.JoinedAt(from);
        bool isPromise = received.Message is RequestVoteReply or AppendEntriesReply or InstallSnapshotReply;
        if (Known.Find(from, joined) is not { } known)
        {
            if (joined != EntryId.Zero)
            {
                Ask(from);
                return isPromise ? Verdict.Held : Verdict.Admitted;
            }

            Meet(from, joined, received.Incarnation);
            known = (received.Incarnation, _state.LastMark);
        }

        if (known.Incarnation == received.Incarnation)
        {
            if (_state.Leadership?.Find(from) is { IsAnotherIncarnation: true } back)
            {
                back.IsAnotherIncarnation = false;
            }

            return isPromise && known.Mark > _state.Outbox.Durable ? Verdict.Held : Verdict.Admitted;
        }

        // Who leads was elected by others: this member may have slept through its return. The same for a candidate whose log knows of a later stay than this one's.
        bool mayBeBack = received.Message switch
        {
            RequestVote request => request.Joined.Index > joined.Index,
            ReadIndexRequest => false,
            _ => !isPromise,
        };
        if (!mayBeBack)
        {
            Refuse(from, known.Incarnation, received.Incarnation);
        }

        return mayBeBack ? Verdict.Admitted : Verdict.Refused;
    }

    private void Meet(NodeId member, EntryId joined, ulong incarnation)
    {
        if (incarnation != 0 && Known.Find(member, joined) is null)
        {
            _state.Persist(new MemberMet(member, joined, incarnation));
        }
    }

    private void Refuse(NodeId from, ulong known, ulong met)
    {
        if (_state.Leadership?.Find(from) is { } peer)
        {
            _leader.StopFeeding(peer);
        }

        if (_told.GetValueOrDefault(from) != met)
        {
            _told[from] = met;
            _state.Emit(new Effect.IncarnationRefused(from, known, met));
        }

        Say(from, 0, asks: false);
    }

    private void HearOfLoss(NodeId by, MemberMet known)
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.LostJournalsCount)
        {
            return;
        }

#endif
        _state.LostJournalIn = known.Joined;
        if (!_saysLost)
        {
            _saysLost = true;
            _state.Emit(new Effect.JournalWasLost(by, known.Incarnation));
        }
    }

    private void Ask(NodeId peer)
    {
        EntryId joined = _state.Membership.JoinedAt(peer);
        bool isOpen = _asked.TryGetValue(peer, out (EntryId Joined, ulong Context, TimeSpan At) asked) && asked.Joined == joined;
        if (isOpen && _state.Now - asked.At < _state.Options.HeartbeatInterval)
        {
            return;
        }

        ulong context = isOpen ? asked.Context : ++_context;
        _asked[peer] = (joined, context, _state.Now);
        Say(peer, context, asks: true);
    }

    private void Say(NodeId to, ulong context, bool asks)
    {
        StreamMembership membership = _state.Membership;
        ImmutableArray<MemberMet>.Builder known = ImmutableArray.CreateBuilder<MemberMet>();
        foreach (NodeId peer in membership.Peers(_state.Self))
        {
            EntryId joined = membership.JoinedAt(peer);
            if (Known.Find(peer, joined) is { } one)
            {
                known.Add(new MemberMet(peer, joined, one.Incarnation));
            }
        }

        _state.Send(to, new Introduction(_state.Term, context, asks, known.ToImmutable()));
    }
}
