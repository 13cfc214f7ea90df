using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Util.Internal;

namespace Akka.Event;

/// <summary>A bus with loggers on it.</summary>
public class LoggingBus : ActorEventBus<object, Type>
{
    private static int _loggerId;

    private readonly Lock _loggersLock = new();
    private readonly List<IActorRef> _loggers = [];
    private int _logLevel = (int)LogLevel.DebugLevel;

    /// <summary>The least severe level that any logger sees.</summary>
    public LogLevel LogLevel => (LogLevel)Volatile.Read(ref _logLevel);

    public void SetLogLevel(LogLevel logLevel)
    {
        lock (_loggersLock)
        {
            foreach (var logger in _loggers)
                SubscribeFrom(logLevel, logger);
            Volatile.Write(ref _logLevel, (int)logLevel);
        }
    }

    /// <summary>Prints on the console until the loggers of the configuration have started.</summary>
    public void StartStdoutLogger(Settings config)
    {
        var level = Logging.LogLevelFor(config.StdoutLogLevel);
        lock (_loggersLock)
        {
            SubscribeFrom(level, config.StdoutLogger);
            _loggers.Add(config.StdoutLogger);
            Volatile.Write(ref _logLevel, (int)level);
        }
    }

    internal void StartDefaultLoggers(ActorSystemImpl system)
    {
        var settings = system.Settings;
        var level = Logging.LogLevelFor(settings.LogLevel);
        var keepsStdout = false;
        foreach (var name in settings.Loggers)
        {
            var type = Type.GetType(name, throwOnError: false)
                ?? throw new ConfigurationException($"[akka.loggers] names a class that cannot be found: [{name}].");
            if (typeof(MinimalLogger).IsAssignableFrom(type))
                keepsStdout = true;
            else
                AddLogger(system, type, level);
        }

        lock (_loggersLock)
        {
            Volatile.Write(ref _logLevel, (int)level);
            if (keepsStdout)
                SubscribeFrom(level, settings.StdoutLogger);
            else if (_loggers.Remove(settings.StdoutLogger))
                Unsubscribe(settings.StdoutLogger);
        }

        Publish(new Debug(SimpleName(this), GetType(), "The loggers of the configuration have started."));
    }

    internal void StopDefaultLoggers(ActorSystem system)
    {
        var settings = system.Settings;
        var level = Logging.LogLevelFor(settings.StdoutLogLevel);
        List<IActorRef> stopping;
        lock (_loggersLock)
        {
            if (!_loggers.Contains(settings.StdoutLogger))
                _loggers.Add(settings.StdoutLogger);
            SubscribeFrom(level, settings.StdoutLogger);
            Volatile.Write(ref _logLevel, (int)level);
            stopping = _loggers.FindAll(logger => logger is not MinimalLogger);
            _loggers.RemoveAll(logger => logger is not MinimalLogger);
        }

        foreach (var logger in stopping)
        {
            Unsubscribe(logger);
            (logger as IInternalActorRef)?.Stop();
        }
    }

    protected override bool IsSubClassification(Type parent, Type child) => parent.IsAssignableFrom(child);

    protected override void Publish(object @event, IActorRef subscriber) => subscriber.Tell(@event, ActorRefs.NoSender);

    protected override bool Classify(object @event, Type classifier) => classifier.IsAssignableFrom(GetClassifier(@event));

    protected override Type GetClassifier(object @event) => @event.GetType();

    private void AddLogger(ActorSystemImpl system, Type type, LogLevel level)
    {
        var name = $"log{Interlocked.Increment(ref _loggerId)}-{SimpleName(type)}";
        var logger = system.SystemActorOf(Props.Create(type).WithDispatcher(system.Settings.LoggersDispatcher), name);
        var timeout = system.Settings.LoggerStartTimeout;
        var answer = logger.Ask(new InitializeLogger(this), timeout);
        if (system.Settings.LoggerAsyncStart)
        {
            answer.ContinueWith(
                task =>
                {
                    if (!task.IsCompletedSuccessfully || task.Result is not LoggerInitialized)
                        Publish(new Warning(SimpleName(this), GetType(), NotReady(type, timeout)));
                },
                TaskScheduler.Default);
        }
        else
            AwaitReady(answer, type, timeout);

        lock (_loggersLock)
        {
            _loggers.Add(logger);
            SubscribeFrom(level, logger);
        }
    }

    private static void AwaitReady(Task<object> answer, Type type, TimeSpan timeout)
    {
        object result;
        try
        {
            // The system is still being created by the calling thread; there is nothing else for it to do.
            result = answer.GetAwaiter().GetResult();
        }
        catch (Exception problem)
        {
            throw new LoggerInitializationException(NotReady(type, timeout), problem);
        }

        if (result is not LoggerInitialized)
            throw new LoggerInitializationException($"The logger [{type.FullName}] answered [{result}] to InitializeLogger instead of LoggerInitialized.");
    }

    private static string NotReady(Type type, TimeSpan timeout) =>
        $"The logger [{type.FullName}] did not answer InitializeLogger with LoggerInitialized within akka.logger-startup-timeout ({timeout}).";

    private void SubscribeFrom(LogLevel level, IActorRef logger)
    {
        foreach (var each in Logging.AllLogLevels)
        {
            if (each >= level)
                Subscribe(logger, each.ClassFor());
            else
                Unsubscribe(logger, each.ClassFor());
        }
    }
}
