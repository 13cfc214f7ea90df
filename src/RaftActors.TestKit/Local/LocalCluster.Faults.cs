using RaftActors.TestKit.Local;

namespace RaftActors.TestKit;

// Faults. They take effect at once; what they lead to happens when time passes.
public sealed partial class LocalCluster
{
    /// <summary>Splits the members into groups that cannot reach each other. Members that are not named form one more group.</summary>
    /// <param name="groups">The groups.</param>
    public void Partition(params NodeId[][] groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Note(NodeId.None, $"partition {string.Join(" | ", groups.Select(g => string.Join(",", g)))}");
        int GroupOf(NodeId id) => Array.FindIndex(groups, g => g.Contains(id));
        foreach (NodeId from in _members.Keys)
        {
            foreach (NodeId to in _members.Keys.Where(to => GroupOf(from) != GroupOf(to)))
            {
                Network.Cut(from, to);
            }
        }
    }

    /// <summary>Cuts a member off from all others.</summary>
    /// <param name="member">The member.</param>
    public void Isolate(NodeId member) => Partition([MemberOf(member).Id]);

    /// <summary>Nothing gets through from one member to another; the other direction is untouched.</summary>
    /// <param name="from">The sender.</param>
    /// <param name="to">The receiver.</param>
    public void CutOneWay(NodeId from, NodeId to)
    {
        Note(NodeId.None, $"cut {MemberOf(from).Id} -> {MemberOf(to).Id}");
        Network.Cut(from, to);
    }

    /// <summary>Drops messages of one type, such as <see cref="AppendEntries"/> or <see cref="RequestVote"/>, until it is disposed or <see cref="Heal()"/> is called.</summary>
    /// <typeparam name="TMessage">The type; <see cref="PeerMessage"/> for all.</typeparam>
    /// <param name="from">Only from this member; null for all.</param>
    /// <param name="to">Only to this member; null for all.</param>
    /// <param name="when">Only these; null for all.</param>
    public MessageDrop Drop<TMessage>(NodeId? from = null, NodeId? to = null, Func<TMessage, bool>? when = null)
        where TMessage : PeerMessage
    {
        Note(NodeId.None, $"drop {typeof(TMessage).Name} {from?.ToString() ?? "*"} -> {to?.ToString() ?? "*"}");
        MessageDrop drop = new(
            (source, target, message) => (from is null || from == source) && (to is null || to == target) && message is TMessage typed && (when is null || when(typed)),
            Network.Remove);
        Network.Add(drop);
        return drop;
    }

    /// <summary>Changes how the network behaves from now on: delay, loss, duplication.</summary>
    /// <param name="options">How.</param>
    public void SetNetwork(LocalNetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Note(NodeId.None, options.ToString());
        Network.Options = options;
    }

    /// <summary>
    /// The member's process dies. Its memory is gone, its journal stays; of the writes that were not confirmed, the seed says how many survive. Whoever waited for an answer of
    /// it is told that the outcome is unknown.
    /// </summary>
    /// <param name="member">The member.</param>
    /// <param name="loseUnconfirmed">True to lose all unconfirmed writes.</param>
    public void Crash(NodeId member, bool loseUnconfirmed = false)
    {
        LocalMember crashed = MemberOf(member);
        if (!crashed.IsRunning)
        {
            throw Error($"member {member} does not run");
        }

        Note(member, "crash");
        End(crashed);
        crashed.Store.Crash(loseUnconfirmed);
    }

    /// <summary>Starts a member that has crashed, with the journal that it left. A member that runs is crashed first.</summary>
    /// <param name="member">The member.</param>
    public void Restart(NodeId member)
    {
        LocalMember restarted = MemberOf(member);
        if (restarted.IsRunning)
        {
            Crash(member);
        }

        Start(restarted);
    }

    /// <summary>The member's process stands still, as in a long collection of garbage or a suspended machine: no turns, no timers, and what arrives waits. Time goes on for it.</summary>
    /// <param name="member">The member.</param>
    public void Pause(NodeId member)
    {
        Note(member, "pause");
        MemberOf(member).Paused = true;
    }

    /// <summary>A paused member goes on, with everything that came due meanwhile.</summary>
    /// <param name="member">The member.</param>
    public void Resume(NodeId member)
    {
        LocalMember resumed = MemberOf(member);
        if (!resumed.Paused)
        {
            return;
        }

        Note(member, "resume");
        resumed.Paused = false;
        foreach (Timeline.Plan plan in resumed.Held)
        {
            Timeline.Add(plan, Now);
        }

        resumed.Held.Clear();
    }

    /// <summary>Lets a member's journal writes fail, be rejected or hang from now on. A member whose write failed or was rejected has stopped for good and needs a restart.</summary>
    /// <param name="member">The member.</param>
    /// <param name="fault">How.</param>
    public void FailJournal(NodeId member, JournalFault fault = JournalFault.Fail)
    {
        Note(member, $"journal fault: {fault}");
        MemberOf(member).Store.Set(fault, MemberOf(member).Run);
    }

    /// <summary>A member's journal writes need this much longer from now on.</summary>
    /// <param name="member">The member.</param>
    /// <param name="delay">How much longer.</param>
    public void DelayJournal(NodeId member, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Note(member, $"journal delay: {delay.TotalMilliseconds}ms");
        MemberOf(member).Store.ExtraDelay = delay;
    }

    /// <summary>A member's journal writes succeed again, and those that hung go on.</summary>
    /// <param name="member">The member.</param>
    public void HealJournal(NodeId member)
    {
        Note(member, "journal healed");
        LocalMember healed = MemberOf(member);
        healed.Store.Heal(healed.Run);
    }

    /// <summary>
    /// Damages one event of a member's journal, chosen by the seed; the member does not notice before it is started again, and then it must refuse to start. An operator removes
    /// it, replaces its disk (<see cref="Wipe"/>) and adds it again.
    /// </summary>
    /// <param name="member">The member.</param>
    /// <param name="lose">True to lose the event, false to flip one bit of it.</param>
    /// <returns>False when there was nothing to damage.</returns>
    public bool RotJournal(NodeId member, bool lose = false)
    {
        string? what = MemberOf(member).Store.Rot(lose);
        Note(member, what is null ? "journal rots, but is empty" : $"journal rots: {what}");
        return what is not null;
    }

    /// <summary>Flips a bit in a member's snapshots. Whoever reads it must notice: the member uses an older one or the log, or refuses to start.</summary>
    /// <param name="member">The member.</param>
    public void RotSnapshot(NodeId member) => Note(member, MemberOf(member).Store.RotSnapshot() ? "a snapshot rots" : "snapshots rot, but there are none");

    /// <summary>
    /// Ends every fault: network as in the options, journals work, paused members go on, members that are down or whose journal has failed are started.
    /// </summary>
    public void Heal()
    {
        HealNetwork();
        foreach (LocalMember member in _members.Values)
        {
            HealJournal(member.Id);
            Resume(member.Id);
            if (!member.IsRunning || member.Failure is not null)
            {
                Restart(member.Id);
            }
        }
    }

    /// <summary>Ends the faults of the network only.</summary>
    public void HealNetwork()
    {
        Note(NodeId.None, "network healed");
        Network.Heal();
        Network.Options = _options.Network;
    }
}
