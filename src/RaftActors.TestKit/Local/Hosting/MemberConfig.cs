using Akka.Configuration;

namespace RaftActors.TestKit.Local;

/// <summary>The configuration of one life of a member: everything that would use a thread, a clock or a disk of its own is replaced by the cluster's.</summary>
internal static class MemberConfig
{
    private static readonly string[] Dispatchers =
    [
        "akka.actor.default-dispatcher",
        "akka.actor.internal-dispatcher",
        "akka.actor.default-blocking-io-dispatcher",
        "akka.actor.default-fork-join-dispatcher",
        "akka.persistence.dispatchers.default-plugin-dispatcher",
        "akka.persistence.dispatchers.default-replay-dispatcher",
        "akka.persistence.dispatchers.default-stream-dispatcher",
        "raft-actors.dispatchers.consensus",
        "raft-actors.dispatchers.user-code",
    ];

    public static Config For(MemberRun run, ulong seed)
    {
        string dispatchers = string.Join('\n', Dispatchers.Select(d => $"{d} {{ type = \"{Name<StepDispatcherConfigurator>()}\", throughput = 1 }}"));
        return ConfigurationFactory.ParseString($$"""
            {{MemberRun.KeyPath}} = "{{run.Key}}"
            akka {
              loggers = []
              loglevel = WARNING
              stdout-loglevel = OFF
              log-dead-letters = off
              log-serializer-override-on-start = off
              actor.provider = local
              scheduler.implementation = "{{Name<VirtualScheduler>()}}"
              coordinated-shutdown {
                run-by-clr-shutdown-hook = off
                run-by-actor-system-terminate = off
              }
            }
            raft-actors {
              random-seed = "{{seed}}"
              clock = monotonic
              remoting.transport = "{{Name<LocalTransport>()}}"
              journal.plugin = "raft-actors-testkit.journal"
              journal.snapshot-plugin = "raft-actors-testkit.snapshots"
            }
            raft-actors-testkit {
              journal {
                class = "{{Name<LocalJournalActor>()}}"
                plugin-dispatcher = "akka.actor.default-dispatcher"
                replay-filter.mode = off
              }
              snapshots {
                class = "{{Name<LocalSnapshotActor>()}}"
                plugin-dispatcher = "akka.actor.default-dispatcher"
              }
            }
            {{dispatchers}}
            """);
    }

    private static string Name<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
}
