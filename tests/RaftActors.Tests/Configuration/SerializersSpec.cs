using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;
using RaftActors.Configuration;
using RaftActors.Remoting;
using RaftActors.Tests.Shared;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Configuration;

/// <summary>The serializers that an actor system can be created with, so that it understands its peers before the extension is there.</summary>
public sealed class SerializersSpec
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task System_created_with_them_must_have_every_serializer_that_the_extension_adds()
    {
        using ActorSystem created = ActorSystem.Create("created", RaftSettings.Serializers().WithFallback(TestConfig.Fast));
        using ActorSystem extended = ActorSystem.Create("extended", TestConfig.Fast);
        _ = RaftStreams.Get(extended);
        (string, int)[] Bound(ActorSystem system) =>
        [
            .. from type in typeof(RaftStreams).Assembly.GetTypes()
               let serializer = system.Serialization.FindSerializerForType(type)
               where serializer.GetType().Assembly == typeof(RaftStreams).Assembly
               orderby type.FullName
               select (type.FullName, serializer.Identifier),
        ];

        (string, int)[] bound = Bound(created);
        Assert.Equal(Bound(extended), bound);
        Assert.Equal(4, bound.Select(b => b.Item2).Distinct().Count());

        // The extension finds its serializers and adds none a second time.
        Serializer frames = created.Serialization.FindSerializerForType(typeof(PeerFrame));
        _ = RaftStreams.Get(created);
        Assert.Same(frames, created.Serialization.FindSerializerForType(typeof(PeerFrame)));
        await Task.WhenAll(created.Terminate(), extended.Terminate());
    }

    [Fact]
    public async Task Frame_that_arrives_before_the_extension_must_be_a_dead_letter_and_no_error()
    {
        int port = FreePort.Next();
        using ActorSystem peer = ActorSystem.Create("tests", RaftSettings.Serializers().WithFallback(TestConfig.Remoting(FreePort.Next())).WithFallback(TestConfig.Fast));
        using ActorSystem late = ActorSystem.Create("tests", RaftSettings.Serializers().WithFallback(TestConfig.Remoting(port)).WithFallback(TestConfig.Fast));
        TaskCompletionSource<object> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef watcher = late.ActorOf(Props.Create(() => new Watcher(seen)));
        Assert.True(late.EventStream.Subscribe(watcher, typeof(DeadLetter)) && late.EventStream.Subscribe(watcher, typeof(Error)));

        peer.ActorSelection($"akka.tcp://tests@127.0.0.1:{port}/user/raft").Tell(new PeerFrame(new byte[39]));

        Assert.IsType<DeadLetter>(await seen.Task.WaitAsync(Wait));
        await Task.WhenAll(peer.Terminate(), late.Terminate());
    }

    private sealed class Watcher : UntypedActor
    {
        private readonly TaskCompletionSource<object> _seen;

        public Watcher(TaskCompletionSource<object> seen) => _seen = seen;

        protected override void OnReceive(object message)
        {
            if (message is Error or DeadLetter { Message: PeerFrame })
            {
                _seen.TrySetResult(message);
            }
        }
    }
}
