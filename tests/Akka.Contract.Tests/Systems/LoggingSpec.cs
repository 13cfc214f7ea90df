using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace Akka.Contract.Tests.Systems;

public sealed class LoggingSpec : ContractSpec
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void Each_level_must_reach_its_filter_with_the_message_formatted()
    {
        EventFilter.Info("one 1 two").ExpectOne(() => Sys.Log.Info("one {0} {1}", 1, "two"));
        EventFilter.Warning("careful").ExpectOne(() => Sys.Log.Warning("careful"));
        EventFilter.Error("broken").ExpectOne(() => Sys.Log.Error("broken"));
        EventFilter.Exception<Boom>("cause").ExpectOne(() => Sys.Log.Error(new Boom("cause"), "broken {0}", "again"));
    }

    [Fact]
    public void A_level_below_the_configured_one_must_not_be_logged()
    {
        Assert.False(Sys.Log.IsDebugEnabled);
        Assert.True(Sys.Log.IsInfoEnabled);

        EventFilter.Debug().And.Info("fence").ExpectOne(() =>
        {
            Sys.Log.Debug("not heard");
            Sys.Log.Info("fence");
        });
    }

    [Fact]
    public void A_filter_must_pick_by_start_part_and_pattern()
    {
        EventFilter.Info(start: "one").ExpectOne(() => Sys.Log.Info("one two three"));
        EventFilter.Info(contains: "two").ExpectOne(() => Sys.Log.Info("one two three"));
        EventFilter.Info(new Regex("t..ee$")).ExpectOne(() => Sys.Log.Info("one two three"));
        EventFilter.Warning(start: "one").And.Error(contains: "two").Expect(2, () =>
        {
            Sys.Log.Warning("one two three");
            Sys.Log.Error("one two three");
            Sys.Log.Warning("two one three");
        });
    }

    [Fact]
    public void A_filter_must_pick_by_the_source()
    {
        var logging = Sys.ActorOf(Props.Create(() => new LoggingActor()), "logging");

        EventFilter.Info(source: logging.Path.ToString()).ExpectOne(() =>
        {
            Sys.Log.Info("from elsewhere");
            logging.Tell("from the actor");
        });
    }

    [Fact]
    public void Too_few_events_must_fail_the_test() =>
        Assert.ThrowsAny<XunitException>(() => EventFilter.Info("never").ExpectOne(Soon, () => Sys.Log.Info("something else")));

    [Fact]
    public void Too_many_events_must_fail_the_test() =>
        Assert.ThrowsAny<XunitException>(() => EventFilter.Info(start: "twice").ExpectOne(() =>
        {
            // The first filter counts the second of the two only if it came before the check, hence the inner one.
            EventFilter.Info("twice, inner").Mute(() => { });
            Sys.Log.Info("twice 1");
            Sys.Log.Info("twice 2");
            Sys.EventStream.Subscribe(TestActor, typeof(Info));
            Sys.Log.Info("fence");
            FishForMessage<Info>(info => info.Message.ToString() == "fence");
        }));

    [Fact]
    public void Dead_letters_must_be_picked_by_their_message()
    {
        EventFilter.DeadLetter<string>().ExpectOne(() => Sys.DeadLetters.Tell("text"));
        EventFilter.DeadLetter<int>(number => number > 5).ExpectOne(() =>
        {
            Sys.DeadLetters.Tell(3);
            Sys.DeadLetters.Tell(7);
        });
    }

    [Fact]
    public async Task Async_code_must_be_filtered_too()
    {
        await EventFilter.Info("later").ExpectOneAsync(async () =>
        {
            await Task.Yield();
            Sys.Log.Info("later");
        });
        await EventFilter.Info(start: "later").ExpectAsync(2, async () =>
        {
            await Task.Yield();
            Sys.Log.Info("later 1");
            Sys.Log.Info("later 2");
        });
    }

    [Fact]
    public void A_failing_actor_must_log_its_failure_as_an_error()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LoggingActor()));

        EventFilter.Exception<Boom>(contains: "fail loudly").ExpectOne(() => actor.Tell(new Boom("fail loudly")));
    }

    [Fact]
    public void Text_with_braces_and_wrong_formats_must_not_disturb_the_logger()
    {
        EventFilter.Info("{\"json\": 1}").ExpectOne(() => Sys.Log.Info("{\"json\": 1}"));
        Sys.Log.Info("too few {0} {1}", "arguments");
        EventFilter.Info("still here").ExpectOne(() => Sys.Log.Info("still here"));
    }

    [Fact]
    public void Log_events_must_be_on_the_event_stream()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Warning));

        Logging.GetLogger(Sys, "my source").Warning("text {0}", 1);

        var warning = ExpectMsg<Warning>();
        Assert.Equal("text 1", warning.Message.ToString());
        Assert.Contains("my source", warning.LogSource);
        Assert.Equal(LogLevel.WarningLevel, warning.LogLevel());
    }

    private sealed class LoggingActor : ReceiveActor
    {
        private readonly ILoggingAdapter _log = Context.GetLogger();

        public LoggingActor()
        {
            Receive<string>(text => _log.Info(text));
            Receive<Exception>(failure => throw failure);
        }
    }
}

public sealed class CustomLoggerSpec : ContractSpec
{
    public CustomLoggerSpec()
        : base("""
            akka.loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit", "Akka.Contract.Tests.Systems.CustomLoggerSpec+Keeping, Akka.Contract.Tests"]
            akka.loglevel = DEBUG
            """)
    {
    }

    [Fact]
    public void A_logger_named_in_configuration_must_get_what_is_logged()
    {
        var text = $"unique {Guid.NewGuid()}";

        Sys.Log.Debug(text);

        AwaitCondition(() => Keeping.Kept.Contains(text), Patience);
    }

    public sealed class Keeping : ReceiveActor
    {
        public Keeping()
        {
            Receive<InitializeLogger>(initialize =>
            {
                initialize.LoggingBus.Subscribe(Self, typeof(LogEvent));
                Sender.Tell(new LoggerInitialized());
            });
            Receive<LogEvent>(logged => Kept.Enqueue(logged.Message.ToString()));
        }

        public static ConcurrentQueue<string> Kept { get; } = new();
    }
}
