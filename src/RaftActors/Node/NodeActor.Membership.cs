using System.Collections.Frozen;
using Akka.Actor;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

// Who belongs to the stream: channels come and go with the members, and operators are answered.
internal sealed partial class NodeActor
{
    // A member that is behind may be written to by members that it does not know yet; more than a few of them are nobody that matters.
    private const int MaxStrangers = 16;

    private readonly Dictionary<NodeId, Channel> _peers = [];
    private readonly Dictionary<long, PendingMembershipChange> _changes = [];
    private readonly List<PendingMembershipChange> _changesTooEarly = [];
    private readonly Dictionary<long, PendingTransferRequest> _transfers = [];
    private readonly List<PendingTransferRequest> _handedOver = [];
    private readonly HashSet<NodeId> _everOpened = [];
    private long _channelsMade;

    /// <summary>How long the way to somebody who does not belong to the stream (any more) stays open: long enough to tell them.</summary>
    private TimeSpan ChannelPatience => _link.Settings.ElectionTimeoutMax * 4;

    private void Take(PendingMembershipChange request)
    {
        long ticket = ++_ticket;
        request.MayBeUnderWay = true;
        _changes.Add(ticket, request);
        Step(new RaftInput.ChangeMembership(ticket, request.Change));
    }

    private void Take(PendingTransferRequest request)
    {
        long ticket = ++_ticket;
        _transfers.Add(ticket, request);
        Step(new RaftInput.TransferLeadership(ticket, request.Target, request.Timeout));
    }

    private void OnMembershipChanged(Effect.MembershipChanged change)
    {
        LogLines.MembershipChanged(_log, _link.Id, Me, change);
        AdoptMembership();
        Context.System.EventStream.Publish(new StreamMembershipChanged(_link.Id, Me, change.Membership, change.Index));
    }

    private void OnChangeAccepted(Effect.ChangeAccepted accepted)
    {
        if (_changes.Remove(accepted.Ticket, out PendingMembershipChange? request))
        {
            request.Answer(new MembershipCommitted(accepted.Membership, accepted.Index));
        }
    }

    private void OnChangeRefused(Effect.ChangeRefused refused)
    {
        if (!_changes.Remove(refused.Ticket, out PendingMembershipChange? request))
        {
            return;
        }

        if (refused.Refusal == ChangeRefusal.NotReady && _core.Role == Role.Leader)
        {
            // A new leader is ready in a moment; an operator need not ask twice for that.
            request.MayBeUnderWay = false;
            _changesTooEarly.Add(request);
            return;
        }

        request.Answer(refused.Refusal == ChangeRefusal.LeadershipLost
            ? new MembershipOutcomeUnknown(refused.Reason)
            : new MembershipNotChanged(refused.Refusal, refused.Reason, _core.Leader, AddressOf(_core.Leader)));
    }

    /// <summary>Called when entries are committed: perhaps the leader's own first among them.</summary>
    private void TakeUpChanges()
    {
        if (_changesTooEarly.Count == 0 || !_core.IsReady)
        {
            return;
        }

        PendingMembershipChange[] early = [.. _changesTooEarly];
        _changesTooEarly.Clear();
        foreach (PendingMembershipChange request in early)
        {
            if (!request.IsAnswered)
            {
                Take(request);
            }
        }
    }

    private void RefuseEarlyChanges()
    {
        foreach (PendingMembershipChange request in _changesTooEarly)
        {
            request.Answer(new MembershipNotChanged(ChangeRefusal.NotLeader, "this member no longer leads", _core.Leader, AddressOf(_core.Leader)));
        }

        _changesTooEarly.Clear();
    }

    private void OnTransferEnded(Effect.TransferEnded ended)
    {
        if (!_transfers.Remove(ended.Ticket, out PendingTransferRequest? request))
        {
            return;
        }

        switch (ended.Outcome)
        {
            case TransferOutcome.HandedOver:
                // Who leads now is known in a moment.
                _handedOver.Add(request);
                break;
            case TransferOutcome.LeadsAlready:
                request.Answer(new LeadershipTransferred(Me, _core.Term));
                break;
            default:
                request.Answer(new LeadershipNotTransferred(ended.Outcome, ReasonOf(ended), _core.Leader, AddressOf(_core.Leader)));
                break;
        }
    }

    private void AnswerHandedOver()
    {
        if (_handedOver.Count == 0 || _leader.IsNone)
        {
            return;
        }

        foreach (PendingTransferRequest request in _handedOver)
        {
            request.Answer(_leader == Me
                ? new LeadershipNotTransferred(TransferOutcome.TimedOut, "this member was elected again", Me, AddressOf(Me))
                : new LeadershipTransferred(_leader, _term));
        }

        _handedOver.Clear();
    }

    private static string ReasonOf(Effect.TransferEnded ended) => ended.Outcome switch
    {
        TransferOutcome.TimedOut => $"member {ended.Target} did not take over in time; the leader serves on",
        TransferOutcome.NotLeader => "this member does not lead",
        TransferOutcome.NoTarget => ended.Target.IsNone ? "no other member can lead" : $"member {ended.Target} cannot lead",
        _ => "another transfer is under way",
    };

    private string? AddressOf(NodeId id) => id.IsNone ? null : _core.Membership.Find(id)?.Address;

    /// <summary>Opens the ways to the members of the membership in force; the others close when they have had time to learn that they are not members any more.</summary>
    private void AdoptMembership()
    {
        StreamMembership membership = _core.Membership;
        if (membership.Members.IsEmpty)
        {
            // Joining: the definition names those who might know more.
            return;
        }

        foreach (Member member in membership.Members.Concat(membership.Outgoing.Where(o => membership.Members.All(m => m.Id != o.Id))).Concat(ToldOff(membership)))
        {
            if (member.Id != Me && _environment.Transport.WhyNot(member.Address) is null)
            {
                Open(member, isMember: true);
            }
        }

        foreach ((NodeId id, Channel channel) in _peers)
        {
            if (channel.IsMember && membership.Find(id) is null && ToldOff(membership).All(m => m.Id != id))
            {
                _peers[id] = channel with { IsMember = false };
                Timers.StartSingleTimer(RetireKey(id), new RetireChannel(id), ChannelPatience);
            }
        }

        TellChannels();
    }

    /// <summary>Those that a forced recovery has left out do not belong to the stream, but have to be told.</summary>
    private static IEnumerable<Member> ToldOff(StreamMembership membership) => membership.Recovery?.Excluded ?? Enumerable.Empty<Member>();

    private void OnStranger(StrangerFrame stranger)
    {
        if (!_peers.ContainsKey(stranger.From))
        {
            if (_peers.Values.Count(c => !c.IsMember) >= MaxStrangers || _environment.Transport.WhyNot(stranger.Address) is not null)
            {
                return;
            }

            Open(new Member(stranger.From, MemberKind.Learner, stranger.Address), isMember: false);
            Timers.StartSingleTimer(RetireKey(stranger.From), new RetireChannel(stranger.From), ChannelPatience);
            TellChannels();
        }

        _peers[stranger.From].Actor.Tell(new InboundFrame(stranger.Frame));
    }

    private void OnRetire(NodeId id)
    {
        if (_peers.TryGetValue(id, out Channel? channel) && !channel.IsMember)
        {
            Close(id, channel);
            TellChannels();
        }
    }

    private void Open(Member member, bool isMember)
    {
        if (_peers.TryGetValue(member.Id, out Channel? present))
        {
            if (present.Address == member.Address)
            {
                if (isMember)
                {
                    Timers.Cancel(RetireKey(member.Id));
                    _peers[member.Id] = present with { IsMember = true };
                }

                return;
            }

            Close(member.Id, present);
        }

        // The name of a channel that has just been closed is not free yet.
        bool isAgain = !_everOpened.Add(member.Id);
        string name = isAgain ? $"replicator-{member.Id}-{++_channelsMade}" : $"replicator-{member.Id}";
        IActorRef actor = Context.Watch(Context.ActorOf(ReplicatorActor.Props(_link, member, _environment), name));
        _peers[member.Id] = new Channel(actor, member.Address, isMember);
    }

    private void Close(NodeId id, Channel channel)
    {
        Timers.Cancel(RetireKey(id));
        Context.Unwatch(channel.Actor);
        Context.Stop(channel.Actor);
        _peers.Remove(id);
        _unreachable.Remove(id);
    }

    private void TellChannels()
    {
        _channels = _peers.ToFrozenDictionary(p => p.Key, p => p.Value.Actor);
        _election.Tell(new ChannelsChanged(_channels));
        if (_running)
        {
            _link.Open(Self, _channels);
        }
    }

    private static string RetireKey(NodeId id) => $"retire-{id}";

    /// <summary>The way to one peer.</summary>
    private sealed record Channel(IActorRef Actor, string Address, bool IsMember);
}
