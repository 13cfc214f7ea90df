using Akka.Persistence;

namespace Akka.Contract.Tests.Persistence;

/// <summary>Two writers used the same persistence id at once; the second one began at number 3, when the first had written up to 4.</summary>
public abstract class ReplayFilterSpec : ContractSpec
{
    protected ReplayFilterSpec(string mode)
        : base($$"""
            akka.persistence {
              journal.plugin = "akka.persistence.journal.inmem"
              journal.inmem.replay-filter.mode = {{mode}}
              snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            }
            """)
    {
        var journal = Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null);
        var probe = CreateTestProbe();
        foreach (var (number, payload, writer) in new[]
        {
            (1L, "a1", "first"), (2L, "a2", "first"), (3L, "a3", "first"), (4L, "a4", "first"),
            (3L, "b3", "second"), (4L, "b4", "second"),
            (5L, "a5", "first"),
            (5L, "b5", "second"),
        })
        {
            var write = new AtomicWrite(new Persistent(payload, number, "shared", string.Empty, false, ActorRefs.NoSender, writer));
            journal.Tell(new WriteMessages([write], probe.Ref, 1), probe.Ref);
            probe.ExpectMsg<WriteMessagesSuccessful>();
            probe.ExpectMsg<WriteMessageSuccess>();
        }

        Actor = Sys.ActorOf(Ledger.Props("shared", TestActor));
    }

    protected IActorRef Actor { get; }

    public sealed class Repair : ReplayFilterSpec
    {
        public Repair()
            : base("repair-by-discard-old")
        {
        }

        [Fact]
        public void The_old_writers_events_must_be_left_out()
        {
            foreach (var report in new[] { "r:a1", "r:a2", "r:b3", "r:b4", "r:b5", "ready:5" })
            {
                ExpectMsg(report);
            }
        }
    }

    public sealed class FailMode : ReplayFilterSpec
    {
        public FailMode()
            : base("fail")
        {
        }

        [Fact]
        public void The_recovery_must_fail()
        {
            Watch(Actor);
            var report = FishForMessage(message => message is string text && !text.StartsWith("r:"));
            Assert.StartsWith("unrecovered:", Assert.IsType<string>(report));
            ExpectTerminated(Actor);
        }
    }

    public sealed class Warn : ReplayFilterSpec
    {
        public Warn()
            : base("warn")
        {
        }

        [Fact]
        public void Everything_must_be_replayed()
        {
            foreach (var report in new[] { "r:a1", "r:a2", "r:a3", "r:a4", "r:b3", "r:b4", "r:a5", "r:b5", "ready:5" })
            {
                ExpectMsg(report);
            }
        }
    }

    public sealed class Off : ReplayFilterSpec
    {
        public Off()
            : base("off")
        {
        }

        [Fact]
        public void Everything_must_be_replayed()
        {
            foreach (var report in new[] { "r:a1", "r:a2", "r:a3", "r:a4", "r:b3", "r:b4", "r:a5", "r:b5", "ready:5" })
            {
                ExpectMsg(report);
            }
        }
    }
}
