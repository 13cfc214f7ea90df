using System.Globalization;
using System.Text;

namespace RaftActors.Protocol.Tests.Scripts;

// The verbs. docs/TESTING.md lists them for who writes scripts.
internal sealed partial class ScriptWorld
{
    private void Do(string verb, string[] words)
    {
        switch (verb)
        {
            case "start":
                StartStream(words);
                break;
            case "join":
                Join(words[0]);
                break;
            case "timeout":
                Elapse(Node(words[0]), words.Length > 1 ? Timer(words[1]) : RaftTimer.Election);
                break;
            case "campaign":
                Step(Node(words[0]), new RaftInput.Campaign());
                break;
            case "elect":
                Elect(Node(words[0]));
                break;
            case "heartbeat":
                Elapse(Node(words[0]), RaftTimer.Heartbeat);
                break;
            case "tick":
                Tick(Duration(words[0]));
                break;
            case "wait":
                _now += Duration(words[0]);
                break;
            case "unreachable":
                Step(Node(words[0]), new RaftInput.PeerUnreachable(Node(words[1]).Id));
                break;
            case "propose":
                Step(Node(words[0]), new RaftInput.Propose(++_ticket, [.. words[1..].Select(w => new ProposedEntry(EntryKind.Normal, Encoding.UTF8.GetBytes(w)))]));
                break;
            case "read":
                Step(Node(words[0]), new RaftInput.ReadIndex(++_ticket));
                break;
            case "change":
                Step(Node(words[0]), new RaftInput.ChangeMembership(++_ticket, Change(words[1..])));
                break;
            case "transfer":
                Step(Node(words[0]), new RaftInput.TransferLeadership(++_ticket, Node(words[2]).Id, TimeSpan.FromSeconds(1)));
                break;
            case "stepdown":
                Step(Node(words[0]), new RaftInput.StepDown());
                break;
            case "snapshot":
                TakeSnapshot(Node(words[0]));
                break;
            case "deliver":
                DeliverAll(words);
                break;
            case "drop":
                foreach (Letter letter in Chosen(words))
                {
                    _wire.Remove(letter);
                    _trace.Add($"{letter} (dropped)");
                }

                break;
            case "duplicate":
                _wire.AddRange(Chosen(words).Select(l => new Letter(l.From, l.To, l.Message, l.Generation)));
                break;
            case "reverse":
                _wire.Reverse();
                break;
            case "cut":
                Cut(words);
                break;
            case "heal":
                _cut.Clear();
                break;
            case "disk":
                Node(words[0]).DiskWaits = words[1] == "waits";
                Confirm(Node(words[0]), words[1]);
                break;
            case "crash":
                Node(words[0]).Crash(words.Length > 2 ? int.Parse(words[2], CultureInfo.InvariantCulture) : 0);
                break;
            case "restart":
                Start(Node(words[0]));
                break;
            case "wipe":
                Node(words[0]).Wipe();
                Node(words[0]).Options = Node(words[0]).Options with { Membership = StreamMembership.Empty };
                break;
            case "show":
                Show(words);
                break;
            default:
                throw new FormatException("there is no such verb");
        }
    }

    private void StartStream(string[] words)
    {
        List<Member> members = [];
        MemberKind kind = MemberKind.Voter;
        bool preVote = false;
        bool checkQuorum = false;
        int reserved = 0;
        int inFlight = 4;
        foreach (string word in words)
        {
            switch (word)
            {
                case "learner":
                    kind = MemberKind.Learner;
                    break;
                case "logger":
                    kind = MemberKind.LogOnly;
                    break;
                case "prevote":
                    preVote = true;
                    break;
                case "checkquorum":
                    checkQuorum = true;
                    break;
                case var _ when word.StartsWith("reserve=", StringComparison.Ordinal):
                    reserved = int.Parse(word["reserve=".Length..], CultureInfo.InvariantCulture);
                    break;
                case var _ when word.StartsWith("window=", StringComparison.Ordinal):
                    inFlight = int.Parse(word["window=".Length..], CultureInfo.InvariantCulture);
                    break;
                default:
                    members.Add(AsMember(word, kind));
                    break;
            }
        }

        StreamMembership membership = new([.. members]);
        foreach (Member member in members)
        {
            RaftOptions options = new()
            {
                Self = member.Id,
                Membership = membership,
                PreVote = preVote,
                CheckQuorum = checkQuorum,
                ReservedEntries = reserved,
                MaxInFlightAppends = inFlight,
                CatchUpMargin = 1,
                RandomSeed = member.Id.Value,
            };
            _nodes.Add(member.Id, new ScriptNode(member.Id, options));
            Start(_nodes[member.Id]);
        }
    }

    private void Join(string word)
    {
        NodeId id = AsMember(word, MemberKind.Voter).Id;
        RaftOptions options = _nodes.Values.First().Options with { Self = id, Membership = StreamMembership.Empty, RandomSeed = id.Value };
        _nodes.Add(id, new ScriptNode(id, options));
        Start(_nodes[id]);
    }

    /// <summary>An election as it goes when nothing is in the way.</summary>
    private void Elect(ScriptNode node)
    {
        Step(node, new RaftInput.Campaign());
        DeliverAll([]);
        if (node.Core?.Role != Role.Leader)
        {
            throw new InvalidOperationException($"{node.Id} was not elected");
        }
    }

    private void Elapse(ScriptNode node, RaftTimer timer)
    {
        if (!node.Timers.Remove(timer, out (long Generation, TimeSpan Due) armed))
        {
            throw new InvalidOperationException($"the {timer} timer of {node.Id} does not run; there are {string.Join(", ", node.Timers.Keys)}");
        }

        // A timer that elapses has waited its time.
        _now = armed.Due > _now ? armed.Due : _now;
        Step(node, new RaftInput.TimerElapsed(timer, armed.Generation));
    }

    private void Tick(TimeSpan time)
    {
        TimeSpan until = _now + time;
        while (true)
        {
            (ScriptNode? node, RaftTimer timer, TimeSpan due) = _nodes.Values.Where(n => n.Core is not null)
                .SelectMany(n => n.Timers.Select(t => (Node: (ScriptNode?)n, Timer: t.Key, t.Value.Due)))
                .Where(t => t.Due <= until).OrderBy(t => t.Due).ThenBy(t => t.Node!.Id).ThenBy(t => t.Timer).FirstOrDefault();
            if (node is null)
            {
                break;
            }

            _now = due > _now ? due : _now;
            Say(node, $"{timer.ToString().ToLowerInvariant()} timer");
            Elapse(node, timer);
        }

        _now = until;
    }

    private MembershipChange Change(string[] words) => words[0] switch
    {
        "add" => new MembershipChange.Add(AsMember(words[1], words.Length > 2 ? Kind(words[2]) : MemberKind.Voter)),
        "remove" => new MembershipChange.Remove(AsMember(words[1], MemberKind.Voter).Id),
        "make" => new MembershipChange.ChangeKind(AsMember(words[1], MemberKind.Voter).Id, Kind(words[2])),
        "replace" => new MembershipChange.Replace([.. words[1..].Select(w => AsMember(w, MemberKind.Voter))]),
        _ => throw new FormatException($"there is no change '{words[0]}'"),
    };

    private void TakeSnapshot(ScriptNode node)
    {
        LogIndex at = new(node.State.Count);
        SnapshotInfo info = node.Core?.DescribeSnapshot(at) ?? throw new InvalidOperationException($"{node.Id} has nothing to take a snapshot of");
        node.Snapshots[info.Last] = Encoding.UTF8.GetBytes(string.Join('|', node.State));
        Say(node, $"takes snapshot {info.Last}, {node.Snapshots[info.Last].Length} bytes");
        Step(node, new RaftInput.SnapshotTaken(info));
    }

    /// <summary>Everything until nothing is left; with <c>once</c>, what is on the wire now; with a link or a receiver, only that.</summary>
    private void DeliverAll(string[] words)
    {
        bool once = words.Contains("once");
        string[] which = [.. words.Where(w => w != "once")];
        for (int round = 0; round < 1000; round++)
        {
            Letter[] letters = Chosen(which);
            foreach (Letter letter in letters)
            {
                Deliver(letter);
            }

            if (letters.Length == 0 || once)
            {
                return;
            }
        }

        throw new InvalidOperationException("messages lead to messages without end");
    }

    /// <summary>All letters, those of a link (<c>1>2</c>), those to somebody (<c>>2</c>) or from somebody (<c>1></c>).</summary>
    private Letter[] Chosen(string[] which)
    {
        return [.. _wire.Where(l => which.Length == 0 || which.Any(w => Takes(w, l)))];

        static bool Takes(string word, Letter letter)
        {
            string[] ends = word.Split('>');
            return ends.Length == 2 && (ends[0].Length == 0 || ends[0] == letter.From.ToString()) && (ends[1].Length == 0 || ends[1] == letter.To.ToString());
        }
    }

    /// <summary>Nobody on one side of <c>|</c> hears anybody on the other; a link <c>1>2</c> is cut in that direction.</summary>
    private void Cut(string[] words)
    {
        foreach (string link in words.Where(w => w.Contains('>', StringComparison.Ordinal)))
        {
            _cut.Add((Node(link.Split('>')[0]).Id, Node(link.Split('>')[1]).Id));
        }

        HashSet<NodeId> side = [.. words.TakeWhile(w => w != "|").Where(w => !w.Contains('>', StringComparison.Ordinal)).Select(w => Node(w).Id)];
        foreach (NodeId a in side)
        {
            foreach (NodeId b in _nodes.Keys.Where(b => !side.Contains(b)))
            {
                _cut.Add((a, b));
                _cut.Add((b, a));
            }
        }
    }

    private void Confirm(ScriptNode node, string how)
    {
        if (how != "waits")
        {
            Confirm(node);
        }

        // "confirms" is once; "goes" is from now on.
        node.DiskWaits = how != "goes";
    }

    private void Show(string[] words)
    {
        foreach (ScriptNode node in _nodes.Values.Where(n => words.Length == 0 || words.Contains(n.Id.ToString())))
        {
            Say(node, node.Core is not { } core
                ? "is down"
                : $"{core.Role} in term {core.Term}, log {(core.LogBase == EntryId.Zero ? string.Empty : $"behind {core.LogBase} ")}up to {core.LastEntry}, commit {core.CommitIndex}, state [{string.Join(' ', node.State.Where(s => s.Length > 0))}]");
        }
    }

    private static Member AsMember(string word, MemberKind kind) => new(new NodeId(uint.Parse(word, CultureInfo.InvariantCulture)), kind, $"host:{word}");

    private static MemberKind Kind(string word) => word switch
    {
        "voter" => MemberKind.Voter,
        "learner" => MemberKind.Learner,
        "logger" => MemberKind.LogOnly,
        _ => throw new FormatException($"there is no kind '{word}'"),
    };

    private static RaftTimer Timer(string word) => Enum.Parse<RaftTimer>(word, ignoreCase: true);

    private static TimeSpan Duration(string word) => TimeSpan.FromMilliseconds(int.Parse(word.Replace("ms", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture));
}
