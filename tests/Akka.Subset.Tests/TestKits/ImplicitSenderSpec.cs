using Akka.Actor;
using Xunit;

namespace Akka.Subset.Tests.TestKits;

/// <summary>A test's actor speaks for the test and for nothing else.</summary>
public sealed class ImplicitSenderSpec
{
    [Fact]
    public async Task A_thread_that_a_test_has_left_must_not_speak_for_it_any_more()
    {
        // Leaves a thread of the pool at the await, as an async test does.
        var left = new List<Thread>();
        var kits = new List<Kit>();
        for (var round = 0; round < 20; round++)
        {
            await Task.Run(async () =>
            {
                left.Add(Thread.CurrentThread);
                var kit = new Kit();
                kits.Add(kit);
                await Task.Delay(1);
                kit.Echo.Tell("mine");
                kit.ExpectMsg("mine");
            });
        }

        var system = kits[0].Sys;
        var stray = kits[0].CreateTestProbe();
        for (var round = 0; round < 200; round++)
        {
            await Task.Run(() =>
            {
                if (left.Contains(Thread.CurrentThread))
                {
                    stray.Ref.Tell("whose?");
                }
            });
        }

        while (stray.ReceiveOne(TimeSpan.Zero) is not null)
        {
            Assert.True(stray.Sender is null || stray.Sender.Equals(system.DeadLetters), $"Sent by {stray.Sender}");
        }

        kits.ForEach(kit => kit.Dispose());
    }

    private sealed class Kit : Akka.TestKit.Xunit2.TestKit
    {
        public IActorRef Echo => Sys.ActorOf(Props.Create(() => new Echoing()));
    }

    private sealed class Echoing : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
