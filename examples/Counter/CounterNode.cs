using Akka.Actor;
using Akka.Configuration;
using RaftActors;
using RaftActors.Protocol;

namespace Counter;

/// <summary>One member: an actor system with remoting and a journal, and the stream on it.</summary>
internal sealed record CounterNode(ActorSystem System, RaftStream Stream)
{
    public static async Task<CounterNode> StartAsync(int id, string[] addresses, string folder)
    {
        string[] address = addresses[id - 1].Split(':');
        ActorSystem system = ActorSystem.Create("counter", ConfigurationFactory.ParseString($$"""
            akka.loglevel = WARNING
            akka.actor.provider = remote
            akka.remote.retry-gate-closed-for = 200 ms
            akka.remote.dot-netty.tcp { hostname = "{{address[0]}}", port = {{address[1]}} }
            akka.persistence.journal.plugin = "akka.persistence.journal.sql"
            akka.persistence.journal.sql {
              class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
              provider-name = "SQLite.MS"
              connection-string = "Data Source={{folder}}/node{{id}}.db"
              replay-filter.mode = fail
            }
            """));
        RaftStream stream = await RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
        {
            Id = new StreamId(1),
            NodeId = new NodeId((uint)id),
            Members = [.. addresses.Select((a, i) => new Member(new NodeId((uint)i + 1), MemberKind.Voter, a))],
            StateMachine = () => new CounterStateMachine(),
        });
        return new CounterNode(system, stream);
    }

    /// <summary>Adds 1 so many times; any member takes writes and passes them on to the leader.</summary>
    /// <returns>How many are committed.</returns>
    public async Task<int> IncrementAsync(int times)
    {
        ProposalAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, times).Select(_ => Stream.ProposeAsync(BitConverter.GetBytes(1L))));
        return answers.OfType<ProposalCommitted>().Count();
    }

    /// <summary>A write that is on its way to a leader while it leaves has an unknown outcome, and repeating it could count twice. So: not yet.</summary>
    public async Task WaitForLeaderAsync(int otherThan)
    {
        NodeId leader;
        do
        {
            await Task.Delay(10);
            leader = (await Stream.GetStatusAsync()).Leader;
        }
        while (leader.IsNone || leader.Value == otherThan);
    }

    /// <summary>Reads the count on this member, with everything in it that was committed before.</summary>
    public async Task<long> ReadAsync() => await Stream.QueryAsync(default) is ReadCompleted read
        ? BitConverter.ToInt64(read.Result.Span)
        : throw new InvalidOperationException("The read was not served.");

    /// <summary>Hands over leadership, finishes what is open, leaves.</summary>
    public Task StopAsync() => CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClrExitReason.Instance);
}
