using Akka.Configuration;

namespace RaftActors.Tests.Support;

/// <summary>Configurations for tests: short elections, a journal that survives its actor system.</summary>
internal static class TestConfig
{
    private static int _stream = 1000;

    /// <summary>A stream id that no other test uses: journals are shared by the whole process.</summary>
    public static StreamId NewStream() => new((uint)Interlocked.Increment(ref _stream));

    public static Config Fast { get; } = ConfigurationFactory.ParseString(
        """
        akka.loglevel = WARNING
        akka.log-dead-letters = off
        akka.coordinated-shutdown.exit-clr = off
        akka.persistence.journal.plugin = akka.persistence.journal.shared
        akka.persistence.journal.shared {
          class = "Akka.Persistence.Journal.SharedMemoryJournal, Akka.Persistence"
          plugin-dispatcher = akka.actor.default-dispatcher
        }
        raft-actors.stream-defaults {
          election-timeout-min = 300ms
          election-timeout-max = 600ms
          heartbeat-interval = 50ms
          vote-retry-interval = 100ms
          restart-backoff-min = 50ms

          # Whoever waits for less says so.
          client-timeout = 30s
        }
        """);

    public static Config InMemoryNetwork(string network, string address) => ConfigurationFactory.ParseString(
        $$"""
        raft-actors.remoting.transport = "{{typeof(InMemoryTransport).AssemblyQualifiedName}}"
        tests { network = "{{network}}", address = "{{address}}" }
        """);

    public static Config Remoting(int port) => ConfigurationFactory.ParseString(
        $$"""
        akka.actor.provider = remote
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{port}} }
        akka.remote.retry-gate-closed-for = 200ms

        # Real sockets on a busy machine: a hiccup must not look like a death.
        raft-actors.stream-defaults {
          election-timeout-min = 1s
          election-timeout-max = 2s
          heartbeat-interval = 100ms
        }
        """);
}
