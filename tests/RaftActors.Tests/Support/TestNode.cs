using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.Configuration;

namespace RaftActors.Tests.Support;

/// <summary>One actor system with one stream, for tests.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private TestNode(ActorSystem system, RaftStream stream, Func<RecordingStateMachine> machine)
    {
        System = system;
        Stream = stream;
        _machine = machine;
    }

    private readonly Func<RecordingStateMachine> _machine;

    public ActorSystem System { get; }

    public RaftStream Stream { get; }

    /// <summary>The state machine of the newest run of the node.</summary>
    public RecordingStateMachine Machine => _machine();

    public static async Task<TestNode> StartAsync(StreamId stream, NodeId self, ImmutableArray<Member> members, Config config, Config? settings = null, Action<RecordingStateMachine>? prepare = null, bool join = false, IStreamObserver? observer = null)
    {
        ActorSystem system = ActorSystem.Create("tests", config.WithFallback(TestConfig.Fast));
        try
        {
            return await StartAsync(system, stream, self, members, settings, prepare, join, observer).ConfigureAwait(false);
        }
        catch
        {
            await system.Terminate().ConfigureAwait(false);
            throw;
        }
    }

    public static async Task<TestNode> StartAsync(ActorSystem system, StreamId stream, NodeId self, ImmutableArray<Member> members, Config? settings = null, Action<RecordingStateMachine>? prepare = null, bool join = false, IStreamObserver? observer = null)
    {
        RecordingStateMachine? newest = null;
        RaftStream handle = await RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
        {
            Id = stream,
            NodeId = self,
            Members = members,
            Join = join,
            Settings = settings,
            Observer = observer,
            StateMachine = () =>
            {
                RecordingStateMachine machine = new();
                prepare?.Invoke(machine);
                newest = machine;
                return machine;
            },
        }).ConfigureAwait(false);
        return new TestNode(system, handle, () => newest!);
    }

    public Task<ProposalAnswer> Propose(string text, ProposeOptions? options = null) => Stream.ProposeAsync(Encoding.UTF8.GetBytes(text), options);

    public async Task<ProposalCommitted> Write(string text)
    {
        ProposalAnswer answer = await Propose(text).ConfigureAwait(false);
        Assert.True(answer is ProposalCommitted, $"not committed: {answer}");
        return (ProposalCommitted)answer;
    }

    public async Task<string> Read(string query, ReadConsistency consistency = ReadConsistency.Linearizable)
    {
        ReadCompleted answer = Assert.IsType<ReadCompleted>(await Stream.QueryAsync(Encoding.UTF8.GetBytes(query), consistency).ConfigureAwait(false));
        return Encoding.UTF8.GetString(answer.Result.Span);
    }

    public async Task<StreamStatus> Until(Func<StreamStatus, bool> condition, TimeSpan? within = null)
    {
        DateTime end = DateTime.UtcNow + (within ?? TimeSpan.FromSeconds(30));
        while (true)
        {
            StreamStatus status = await Stream.GetStatusAsync().ConfigureAwait(false);
            if (condition(status))
            {
                return status;
            }

            Assert.True(DateTime.UtcNow < end, $"not in time: {status}");
            await Task.Delay(10).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await System.Terminate().ConfigureAwait(false);
}
