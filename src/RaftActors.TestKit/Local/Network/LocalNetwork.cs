using Akka.Actor;
using RaftActors.Remoting;
using RaftActors.Runtime;
using RaftActors.TestKit.Simulation;

namespace RaftActors.TestKit.Local;

/// <summary>The way of frames from member to member, with its faults.</summary>
internal sealed class LocalNetwork(LocalCluster cluster, ClusterRandom random, LocalNetworkOptions options)
{
    private readonly HashSet<(NodeId From, NodeId To)> _cut = [];
    private readonly List<MessageDrop> _drops = [];

    public LocalNetworkOptions Options { get; set; } = options;

    public void Cut(NodeId from, NodeId to) => _cut.Add((from, to));

    public void Mend(NodeId from, NodeId to) => _cut.Remove((from, to));

    public void Add(MessageDrop drop) => _drops.Add(drop);

    public void Remove(MessageDrop drop) => _drops.Remove(drop);

    public void Heal()
    {
        _cut.Clear();
        _drops.Clear();
    }

    public bool IsOpen(NodeId from, NodeId to) => !_cut.Contains((from, to));

    public void Send(MemberRun from, NodeId to, PeerFrame frame)
    {
        if (!from.Alive)
        {
            return;
        }

        NodeId source = from.Member.Id;
        (string text, PeerMessage? message) = Read(frame);
        object what = message is null ? text : message;
        int sent = cluster.Mirror.Recorder?.Add(TraceKind.Sent, source, to, what) ?? -1;
        if (!IsOpen(source, to))
        {
            Lose(source, to, text, "cut off", what, sent);
        }
        else if (message is not null && _drops.Find(d => d.Takes(source, to, message)) is { } drop)
        {
            drop.Count++;
            Lose(source, to, text, "dropped", what, sent);
        }
        else if (random.Chance(Options.Loss))
        {
            Lose(source, to, text, "lost", what, sent);
        }
        else
        {
            cluster.Note(source, $"-> n{to} {text}");
            int copies = random.Chance(Options.Duplication) ? 2 : 1;
            for (int copy = 0; copy < copies; copy++)
            {
                // A wire copies; two members never share memory.
                PeerFrame arriving = new(frame.Bytes.ToArray());
                cluster.Timeline.Add(null, random.Between(Options.MinDelay, Options.MaxDelay), () => Deliver(source, to, arriving, text, what, sent));
            }
        }
    }

    private void Lose(NodeId from, NodeId to, string text, string why, object what, int sent)
    {
        cluster.Note(from, $"-> n{to} {text} ({why})");
        cluster.Mirror.Recorder?.Add(TraceKind.Lost, to, from, what, sent);
    }

    private static (string Text, PeerMessage? Message) Read(PeerFrame frame)
    {
        if (!PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error))
        {
            return (error, null);
        }

        return PeerBody.TryDecode(header, body, out PeerMessage? message, out _) ? (Describe(message, body.Length), message) : ($"{header.Type} {body.Length}B", null);
    }

    // Message tokens and texts of records can be long; what decides about the protocol fits into a line.
    private static string Describe(PeerMessage message, int bytes) => message switch
    {
        RequestVote { PreVote: true } vote => $"RequestVote t{vote.Term} pre-vote, last {vote.LastEntry}",
        RequestVote vote => $"RequestVote t{vote.Term}, last {vote.LastEntry}",
        RequestVoteReply reply => $"RequestVoteReply t{reply.Term} {(reply.Granted ? "granted" : "denied")}",
        AppendEntries append => $"AppendEntries t{append.Term}, behind {append.Previous}, up to {append.LastIndex}, commit {append.Commit}",
        _ => $"{message.GetType().Name} t{message.Term} {bytes}B",
    };

    private void Deliver(NodeId from, NodeId to, PeerFrame frame, string text, object what, int sent)
    {
        LocalMember target = cluster.MemberOf(to);
        if (!IsOpen(from, to) || target.Run is not { Receiver: { } receiver } run)
        {
            cluster.Note(to, $"<- n{from} {text} (nobody there)");
            cluster.Mirror.Recorder?.Add(TraceKind.Lost, to, from, what, sent);
            return;
        }

        if (target.Paused)
        {
            target.Held.Add(new Timeline.Plan(run, () => Deliver(from, to, frame, text, what, sent), null, null));
            return;
        }

        cluster.Note(to, $"<- n{from} {text}");
        cluster.Mirror.Recorder?.Add(TraceKind.Delivered, to, from, what, sent);
        if (!run.ReturnPaths.TryGetValue(from, out IActorRef? back))
        {
            back = run.System!.ActorOf(Props.Create(() => new ReturnPathActor(run, from)), ReturnPathActor.NameOf(from));
            run.ReturnPaths.Add(from, back);
        }

        receiver.Tell(frame, back);
    }
}
