using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>A change of the membership on its way (thesis chapter 4). Only a leader has one, and only one.</summary>
internal sealed class PendingChange
{
    private readonly ImmutableArray<CatchUp> _newcomers;

    /// <summary>Begins.</summary>
    /// <param name="ticket">Whose request it is.</param>
    /// <param name="original">The membership before.</param>
    /// <param name="target">The membership that is wanted.</param>
    /// <param name="newcomers">Those that get a vote, and have to catch up before.</param>
    public PendingChange(long ticket, StreamMembership original, StreamMembership target, ImmutableArray<CatchUp> newcomers)
    {
        Ticket = ticket;
        Original = original;
        Target = target;
        _newcomers = newcomers;
    }

    public long Ticket { get; }

    public StreamMembership Original { get; }

    public StreamMembership Target { get; }

    /// <summary>The entry that leads to the target (or, in a joint change, begins to) is in the log. There is no way back.</summary>
    public bool IsDecided { get; set; }

    /// <summary>Why the newcomers have to go again; null while all is well.</summary>
    public (ChangeRefusal Refusal, string Reason)? Failure { get; private set; }

    /// <summary>What the membership shall be after a failure.</summary>
    public StreamMembership? Restored { get; private set; }

    /// <summary>The entry that takes the newcomers out again is in the log.</summary>
    public bool IsRestored { get; set; }

    /// <summary>Who asked for the withdrawal; 0 when nobody did.</summary>
    public long WithdrawalTicket { get; private set; }

    public bool IsWaitingFor(NodeId id) => !IsDecided && _newcomers.Any(newcomer => newcomer.Id == id);

    /// <summary>Looks how far the newcomers are.</summary>
    public CatchUpState Look(Leadership leadership, LogIndex last, TimeSpan now, RaftOptions options)
    {
        CatchUpState all = CatchUpState.Done;
        foreach (CatchUp newcomer in _newcomers)
        {
            CatchUpState one = newcomer.Look(leadership.Find(newcomer.Id)?.Match ?? LogIndex.Zero, last, now, options);
            if (one == CatchUpState.Failed)
            {
                Fail(ChangeRefusal.DidNotCatchUp, $"member {newcomer.Id} did not catch up");
                return one;
            }

            all = one == CatchUpState.Behind ? one : all;
        }

        return all;
    }

    /// <summary>The operator takes a newcomer back.</summary>
    public void Withdraw(NodeId id, long ticket)
    {
        Fail(ChangeRefusal.Withdrawn, $"member {id} was withdrawn before it had caught up");
        Restored = Original.With([.. Original.Members.Where(member => member.Id != id)]);
        WithdrawalTicket = ticket;
    }

    /// <summary>Answers everybody who waits that nothing came of it.</summary>
    public void Refuse(RaftState state, ChangeRefusal refusal, string reason)
    {
        NodeId leader = state.Leader;
        state.Emit(new Effect.ChangeRefused(Ticket, refusal, reason, leader));
        if (WithdrawalTicket != 0)
        {
            state.Emit(new Effect.ChangeRefused(WithdrawalTicket, ChangeRefusal.LeadershipLost, reason, leader));
        }
    }

    private void Fail(ChangeRefusal refusal, string reason)
    {
        Failure ??= (refusal, reason);
        Restored ??= Original;
    }
}
