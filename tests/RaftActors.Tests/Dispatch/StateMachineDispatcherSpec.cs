using Akka.Configuration;
using RaftActors.Tests.Support;
using Xunit;

namespace RaftActors.Tests.Dispatch;

/// <summary>Setting <c>state-machine-dispatcher</c>: which threads run a state machine.</summary>
public sealed class StateMachineDispatcherSpec
{
    private static readonly NodeId Self = new(1);

    [Fact]
    public async Task A_state_machine_must_run_on_the_dispatcher_of_its_stream()
    {
        Assert.StartsWith("raft-actors.dispatchers.user-code-", await ThreadOf(""), StringComparison.Ordinal);
        Assert.StartsWith("my-own-", await ThreadOf("state-machine-dispatcher = my-own"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_and_reads_must_work_without_threads_of_their_own_for_the_state_machine()
    {
        await using TestNode node = await StartAsync("state-machine-dispatcher = raft-actors.dispatchers.consensus");

        for (int i = 1; i <= 50; i++)
        {
            await node.Write($"{i}");
            Assert.Equal($"{i}", await node.Read("count"));
        }
    }

    [Fact]
    public async Task A_dispatcher_that_is_not_there_must_be_refused_by_name()
    {
        RaftConfigurationException e = await Assert.ThrowsAsync<RaftConfigurationException>(() => StartAsync("state-machine-dispatcher = nowhere"));

        Assert.Contains("state-machine-dispatcher", e.Message, StringComparison.Ordinal);
        Assert.Contains("'nowhere'", e.Message, StringComparison.Ordinal);
        Assert.Contains("raft-actors.dispatchers.user-code", e.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ThreadOf(string settings)
    {
        string? thread = null;
        await using TestNode node = await StartAsync(settings, machine => machine.OnApply = () => thread = Thread.CurrentThread.Name);
        await node.Write("x");
        return thread ?? "none";
    }

    private static Task<TestNode> StartAsync(string settings, Action<RecordingStateMachine>? prepare = null) => TestNode.StartAsync(
        TestConfig.NewStream(),
        Self,
        [new Member(Self, MemberKind.Voter, "localhost:1")],
        ConfigurationFactory.ParseString("my-own { type = ForkJoinDispatcher, dedicated-thread-pool.thread-count = 1 }"),
        ConfigurationFactory.ParseString(settings),
        prepare);
}
