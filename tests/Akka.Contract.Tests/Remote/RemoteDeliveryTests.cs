#nullable enable annotations
using Akka.Actor;
using RaftActors.Tests.Shared;
using Xunit;

namespace Akka.Contract.Tests.Remote;

/// <summary>Between a pair of actors messages arrive in order, each once, whatever else goes on.</summary>
public sealed class RemoteDeliveryTests
{
    private static int SoakCount =>
        int.TryParse(Environment.GetEnvironmentVariable("AKKA_REMOTE_SOAK"), out var count) ? count : 200_000;

    private sealed class Counter : UntypedActor
    {
        private readonly Dictionary<string, long> _next = new();
        private readonly long _expected;
        private readonly TaskCompletionSource<string> _done;
        private long _received;

        public Counter(long expected, TaskCompletionSource<string> done)
        {
            _expected = expected;
            _done = done;
        }

        protected override void OnReceive(object message)
        {
            // "sender number padding"
            var parts = ((string)message).Split(' ');
            var number = long.Parse(parts[1]);
            _next.TryGetValue(parts[0], out var next);
            if (number != next)
                _done.TrySetResult($"from {parts[0]}: {number} came where {next} was expected");
            _next[parts[0]] = number + 1;
            if (++_received == _expected)
                _done.TrySetResult("complete");
        }
    }

    [Fact]
    public async Task Two_senders_are_each_received_in_order_and_completely()
    {
        var count = SoakCount;
        var a = RemoteNode.Start("soak-a");
        var b = RemoteNode.Start("soak-b");
        try
        {
            var done = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            b.ActorOf(Props.Create(() => new Counter(count, done)), "counter");
            var target = await RemoteNode.FindAsync(a, b, "/user/counter");
            var padding = new string('x', 90);
            var senders = new[] { "one", "two" }.Select(name => Task.Run(() =>
            {
                for (var i = 0; i < count / 2; i++)
                    target.Tell($"{name} {i} {padding}");
            }));
            await Task.WhenAll(senders);
            Assert.Equal("complete", await done.Task.WaitAsync(TimeSpan.FromMinutes(5)));
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task Messages_told_before_the_first_connection_are_kept_in_order()
    {
        var a = RemoteNode.Start("early-a");
        var b = RemoteNode.Start("early-b");
        try
        {
            var (_, received) = Collector.Start(b, "sink");
            var selection = a.ActorSelection(RemoteNode.PathOf(b, "/user/sink"));
            for (var i = 0; i < 1000; i++)
                selection.Tell(i);
            for (var i = 0; i < 1000; i++)
                Assert.Equal(i, await received.NextAsync());
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task Both_systems_talk_to_each_other_at_once_from_the_start()
    {
        var a = RemoteNode.Start("cross-a");
        var b = RemoteNode.Start("cross-b");
        try
        {
            var (_, atA) = Collector.Start(a, "sink");
            var (_, atB) = Collector.Start(b, "sink");
            var toB = a.ActorSelection(RemoteNode.PathOf(b, "/user/sink"));
            var toA = b.ActorSelection(RemoteNode.PathOf(a, "/user/sink"));
            await Task.WhenAll(
                Task.Run(() => Enumerable.Range(0, 500).ToList().ForEach(i => toB.Tell(i))),
                Task.Run(() => Enumerable.Range(0, 500).ToList().ForEach(i => toA.Tell(i))));
            for (var i = 0; i < 500; i++)
            {
                Assert.Equal(i, await atA.NextAsync());
                Assert.Equal(i, await atB.NextAsync());
            }
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task What_was_told_before_termination_still_arrives()
    {
        var a = RemoteNode.Start("flush-a");
        var b = RemoteNode.Start("flush-b");
        try
        {
            var (_, received) = Collector.Start(b, "sink");
            var target = await RemoteNode.FindAsync(a, b, "/user/sink");
            for (var i = 0; i < 2000; i++)
                target.Tell(i);
            await RemoteNode.StopAsync(a);
            for (var i = 0; i < 2000; i++)
                Assert.Equal(i, await received.NextAsync());
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_message_larger_than_a_frame_is_an_error_and_the_others_arrive()
    {
        var a = RemoteNode.Start("large-a");
        var b = RemoteNode.Start("large-b");
        try
        {
            var (_, received) = Collector.Start(b, "sink");
            var errors = Collector.Subscribe<Akka.Event.Error>(a);
            var target = await RemoteNode.FindAsync(a, b, "/user/sink");
            target.Tell("before");
            target.Tell(new string('x', 200_000));
            target.Tell(new string('y', 100_000));
            target.Tell("after");
            Assert.Equal("before", await received.NextAsync());
            Assert.Equal(new string('y', 100_000), await received.NextAsync());
            Assert.Equal("after", await received.NextAsync());
            var error = await errors.NextAsync<Akka.Event.Error>(e => e.Cause != null);
            Assert.Contains("Oversized", error.Cause.GetType().Name, StringComparison.Ordinal);
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task The_frame_limit_is_a_setting()
    {
        const string roomy = "akka.remote.dot-netty.tcp { maximum-frame-size = 4000000b, send-buffer-size = 8000000b, receive-buffer-size = 8000000b }";
        var a = RemoteNode.Start("roomy-a", extra: roomy);
        var b = RemoteNode.Start("roomy-b", extra: roomy);
        try
        {
            b.ActorOf(Props.Create<EchoActor>(), "echo");
            var target = await RemoteNode.FindAsync(a, b, "/user/echo");
            foreach (var size in new[] { 10, 100_000, 1_000_000, 3_900_000, 10 })
            {
                var text = new string('z', size);
                Assert.Equal(text, await target.Ask<string>(text, RemoteNode.Patience));
            }
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task What_is_told_to_nobody_at_an_address_becomes_a_dead_letter()
    {
        var a = RemoteNode.Start("lonely", extra: "akka.remote.retry-gate-closed-for = 5s");
        try
        {
            var deadLetters = Collector.Subscribe<Akka.Event.DeadLetter>(a);
            var target = a.ActorSelection($"akka.tcp://absent@127.0.0.1:{FreePort.Next()}/user/x");
            target.Tell("first");

            // The address is gated once connecting has failed; from then on what is told comes back at once.
            var limit = DateTime.UtcNow + RemoteNode.Patience;
            while (!deadLetters.TryNext(out _))
            {
                Assert.True(DateTime.UtcNow < limit, "no dead letter");
                target.Tell("again");
                await Task.Delay(20);
            }
        }
        finally
        {
            await RemoteNode.StopAsync(a);
        }
    }
}
