using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>What applications hear: observers, events, callbacks of the state machine.</summary>
public sealed class ObserverSpec
{
    [Fact]
    public async Task Observers_must_hear_writes_roles_and_leaders_in_order()
    {
        StreamId stream = TestConfig.NewStream();
        Recorder observer = new();
        ActorSystem system = ActorSystem.Create("observed", TestConfig.Fast);
        try
        {
            RaftStream handle = await Start(system, stream, observer);
            Assert.IsType<ProposalCommitted>(await Retry(() => handle.ProposeAsync("one"u8.ToArray(), new ProposeOptions { Key = 9 })));
            await handle.ProposeAsync("two"u8.ToArray());
            await RaftStreams.Get(system).StopStreamAsync(stream);

            string[] heard = [.. observer.Heard];
            Assert.Equal(["own one 9", "own two 0"], heard.Where(h => h.StartsWith("own", StringComparison.Ordinal)));
            Assert.Contains("role Candidate Leader", heard);
            Assert.Contains("leader 1", heard);
            Assert.True(Array.IndexOf(heard, "role Candidate Leader") < Array.IndexOf(heard, "own one 9"));

            // After a restart the same entries are applied again, but this member did not put them in during its new term.
            Recorder second = new();
            RaftStream again = await Start(system, stream, second);
            await Retry(() => again.ProposeAsync("three"u8.ToArray()));
            Assert.Equal(["other one 9", "other two 0"], second.Heard.Where(h => h.StartsWith("other", StringComparison.Ordinal)));
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task Observer_that_throws_must_not_harm_the_stream()
    {
        ActorSystem system = ActorSystem.Create("observed", ConfigurationFactory.ParseString("akka.loglevel = OFF").WithFallback(TestConfig.Fast));
        try
        {
            RaftStream handle = await Start(system, TestConfig.NewStream(), new Thrower());
            Assert.IsType<ProposalCommitted>(await handle.ProposeAsync("one"u8.ToArray()));
            Assert.Equal(StreamHealth.Healthy, (await handle.GetStatusAsync()).Health);
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task Events_must_be_published_for_start_role_leader_commit_and_stop()
    {
        StreamId stream = TestConfig.NewStream();
        ActorSystem system = ActorSystem.Create("observed", ConfigurationFactory.ParseString("raft-actors.publish-commits = on").WithFallback(TestConfig.Fast));
        try
        {
            ConcurrentQueue<StreamEvent> events = new();
            IActorRef listener = system.ActorOf(Props.Create(() => new Listener(events)));
            system.EventStream.Subscribe(listener, typeof(StreamEvent));
            RaftStream handle = await Start(system, stream, new Recorder());
            ProposalCommitted committed = Assert.IsType<ProposalCommitted>(await handle.ProposeAsync("one"u8.ToArray()));
            await RaftStreams.Get(system).StopStreamAsync(stream);
            await system.AskFrom<string>(listener, "fence");

            Assert.All(events, e => Assert.Equal((stream, new NodeId(1)), (e.Stream, e.Node)));
            Assert.IsType<StreamStopped>(events.Last());
            Assert.Single(events.OfType<StreamStarted>());
            Assert.Contains(events.OfType<StreamRoleChanged>(), e => e.Role == Role.Leader && e.Reason.Length > 0);
            Assert.Contains(events.OfType<StreamLeaderChanged>(), e => e.Leader == new NodeId(1));
            Assert.Contains(events.OfType<StreamEntriesCommitted>(), e => e.First <= committed.Index && e.Last >= committed.Index);
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task Events_and_observers_must_tell_of_memberships_snapshots_and_failures()
    {
        StreamId stream = TestConfig.NewStream();
        string folder = Directory.CreateTempSubdirectory("raft-events-").FullName;
        ActorSystem system = ActorSystem.Create("observed", ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = OFF
            akka.persistence.snapshot-store { plugin = "akka.persistence.snapshot-store.local", local.dir = "{{folder.Replace('\\', '/')}}" }
            """).WithFallback(TestConfig.Fast));
        try
        {
            ConcurrentQueue<StreamEvent> events = new();
            IActorRef listener = system.ActorOf(Props.Create(() => new Listener(events)));
            system.EventStream.Subscribe(listener, typeof(StreamEvent));
            Recorder observer = new();
            RecordingStateMachine machine = new();
            RaftStream handle = await Start(system, stream, observer, machine);
            Assert.IsType<ProposalCommitted>(await handle.ProposeAsync("one"u8.ToArray()));
            MembershipCommitted changed = Assert.IsType<MembershipCommitted>(await handle.ChangeMemberAsync(new NodeId(1), MemberKind.Voter, priority: 3));
            SnapshotCompleted snapshot = Assert.IsType<SnapshotCompleted>(await handle.TakeSnapshotAsync());
            machine.FailOn = "bomb";
            await handle.ProposeAsync("bomb"u8.ToArray());
            await RaftStreams.Get(system).StopStreamAsync(stream);
            await system.AskFrom<string>(listener, "fence");

            Assert.Contains(events.OfType<StreamMembershipChanged>(), e => e.Index == changed.Index && e.Membership.Members[0].Priority == 3);
            Assert.Contains(events.OfType<StreamMembershipCommitted>(), e => e.Index == changed.Index && e.Membership.Members[0].Priority == 3);
            StreamSnapshotTaken taken = Assert.Single(events.OfType<StreamSnapshotTaken>());
            Assert.Equal(snapshot.Index, taken.Index);
            Assert.Contains("told to fail", Assert.Single(events.OfType<StreamFailed>()).Cause?.Message, StringComparison.Ordinal);
            string[] heard = [.. observer.Heard];
            Assert.Equal(
                ["own one 0", $"members {changed.Index}", $"snapshot {taken.Index} {taken.Bytes}", "exception told to fail on 'bomb'"],
                heard.Where(h => h.Split(' ')[0] is "own" or "members" or "snapshot" or "exception"));
        }
        finally
        {
            await system.Terminate();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task State_machines_must_be_told_whom_they_follow()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(brief: true);
        TestNode leader = await cluster.Leader();
        TestNode follower = await cluster.Follower();
        await leader.Write("one");
        await cluster.Converged();

        Assert.Equal("leader-start", leader.Machine.Calls.Last());
        Assert.Equal($"follow {leader.Stream.NodeId}", follower.Machine.Calls.Last());
        NodeId old = leader.Stream.NodeId;
        await cluster.Stop(old);
        TestNode next = await cluster.Leader();
        await next.Write("two");
        await cluster.Converged();
        TestNode still = cluster.Nodes.First(n => n != next);
        Assert.Contains($"unfollow {old}", still.Machine.Calls);
        Assert.Equal($"follow {next.Stream.NodeId}", still.Machine.Calls.Last());
        Assert.Equal("leader-start", next.Machine.Calls.Last());
        Assert.Equal("shutdown", leader.Machine.Calls.Last());
    }

    private static Task<RaftStream> Start(ActorSystem system, StreamId stream, IStreamObserver observer, RecordingStateMachine? machine = null) => RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
    {
        Id = stream,
        NodeId = new NodeId(1),
        Members = [new Member(new NodeId(1), MemberKind.Voter, "a:1")],
        StateMachine = () => machine ?? new RecordingStateMachine(),
        Observer = observer,
    });

    private static async Task<ProposalAnswer> Retry(Func<Task<ProposalAnswer>> propose)
    {
        ProposalAnswer answer = await propose();
        return answer is NotLeader ? await propose() : answer;
    }

    private sealed class Recorder : IStreamObserver
    {
        public ConcurrentQueue<string> Heard { get; } = new();

        public void OnLeaderWriteCompleted(CommittedEntry entry) => Heard.Enqueue($"own {Encoding.UTF8.GetString(entry.Data.Span)} {entry.Key}");

        public void OnFollowerCommitted(CommittedEntry entry) => Heard.Enqueue($"other {Encoding.UTF8.GetString(entry.Data.Span)} {entry.Key}");

        public void OnRoleChanged(Role oldRole, Role newRole, Term term) => Heard.Enqueue($"role {oldRole} {newRole}");

        public void OnLeaderChanged(NodeId leader, Term term) => Heard.Enqueue($"leader {leader}");

        public void OnMembershipCommitted(StreamMembership membership, LogIndex index) => Heard.Enqueue($"members {index}");

        public void OnSnapshotTaken(LogIndex index, long bytes) => Heard.Enqueue($"snapshot {index} {bytes}");

        public void OnException(Exception exception) => Heard.Enqueue($"exception {exception.Message}");
    }

    private sealed class Thrower : IStreamObserver
    {
        public void OnLeaderWriteCompleted(CommittedEntry entry) => throw new InvalidOperationException("observer");

        public void OnRoleChanged(Role oldRole, Role newRole, Term term) => throw new InvalidOperationException("observer");
    }

    private sealed class Listener(ConcurrentQueue<StreamEvent> events) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is StreamEvent streamEvent)
            {
                events.Enqueue(streamEvent);
            }
            else
            {
                Sender.Tell(message);
            }
        }
    }
}
