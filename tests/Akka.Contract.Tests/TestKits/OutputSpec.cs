using System.Collections.Concurrent;
using Xunit.Abstractions;

namespace Akka.Contract.Tests.TestKits;

public sealed class OutputSpec
{
    [Fact]
    public void The_log_must_go_to_the_output_of_the_test()
    {
        var output = new Collected();
        using var kit = new Kit(output);

        kit.Sys.Log.Info("said {0}", "one");
        kit.Sys.Log.Error(new Boom("why"), "said two");

        kit.AwaitAssert(() =>
        {
            Assert.Contains(output.Lines, line => line.Contains("said one"));
            Assert.Contains(output.Lines, line => line.Contains("said two") && line.Contains("why"));
        });
    }

    [Fact]
    public void The_log_of_a_second_system_must_carry_its_prefix()
    {
        var output = new Collected();
        using var kit = new Kit(output);
        var second = ActorSystem.Create("second", kit.Sys.Settings.Config);
        try
        {
            kit.Prefix(second, "[second] ");
            second.Log.Info("from the second");
            kit.AwaitAssert(() => Assert.Contains(output.Lines, line => line.Contains("[second]") && line.Contains("from the second")));
        }
        finally
        {
            second.Terminate().Wait(TimeSpan.FromSeconds(20));
        }
    }

    private sealed class Kit : Akka.TestKit.Xunit2.TestKit
    {
        public Kit(ITestOutputHelper output)
            : base("akka.test.single-expect-default = 20s, akka.coordinated-shutdown.run-by-clr-shutdown-hook = off", output)
        {
        }

        public void Prefix(ActorSystem system, string prefix) => InitializeLogger(system, prefix);
    }

    private sealed class Collected : ITestOutputHelper
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public void WriteLine(string message) => Lines.Enqueue(message);

        public void WriteLine(string format, params object[] args) => WriteLine(string.Format(format, args));
    }
}
