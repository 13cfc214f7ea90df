using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>
/// Describes log events that a test expects or does not want to see printed. Filters joined with And pick what any of
/// them picks. Needs <see cref="TestEventListener"/> among the system's loggers, which is the test kit's default.
/// </summary>
public class EventFilterFactory
{
    private readonly TestKitBase _testKit;
    private readonly ActorSystem _system;
    private readonly IReadOnlyList<LogEventFilter> _filters;

    /// <summary>Filters of the kit's own system.</summary>
    public EventFilterFactory(TestKitBase testkit)
        : this(testkit, testkit.Sys)
    {
    }

    /// <summary>Filters of <paramref name="system"/>.</summary>
    public EventFilterFactory(TestKitBase testkit, ActorSystem system)
        : this(testkit, system, (IReadOnlyList<LogEventFilter>)[])
    {
    }

    internal EventFilterFactory(TestKitBase testKit, ActorSystem system, IReadOnlyList<LogEventFilter> filters)
    {
        _testKit = testKit;
        _system = system;
        _filters = filters;
    }

    /// <summary>Errors with an exception of this type.</summary>
    public IEventFilterApplier Exception<TException>(string message = null, string start = null, string contains = null, string source = null)
        where TException : Exception => Exception(typeof(TException), message, start, contains, source);

    /// <summary>Errors with an exception of this type.</summary>
    public IEventFilterApplier Exception<TException>(Regex pattern, string source = null)
        where TException : Exception => Exception(typeof(TException), pattern, source);

    /// <summary>Errors with an exception of this type, or one that wraps it.</summary>
    public IEventFilterApplier Exception(Type exceptionType, string message = null, string start = null, string contains = null, string source = null, bool checkInnerExceptions = false) =>
        With(LogEventFilter.Failure(exceptionType, StringMatcher.Message(message, start, contains), StringMatcher.Source(source), checkInnerExceptions));

    /// <summary>Errors with an exception of this type, or one that wraps it.</summary>
    public IEventFilterApplier Exception(Type exceptionType, Regex pattern, string source = null, bool checkInnerExceptions = false) =>
        With(LogEventFilter.Failure(exceptionType, StringMatcher.Pattern(pattern), StringMatcher.Source(source), checkInnerExceptions));

    /// <summary>Errors.</summary>
    public IEventFilterApplier Error(string message = null, string start = null, string contains = null, string source = null) =>
        Level<Error>(message, start, contains, source);

    /// <summary>Errors.</summary>
    public IEventFilterApplier Error(Regex pattern, string source = null) => Level<Error>(pattern, source);

    /// <summary>Warnings.</summary>
    public IEventFilterApplier Warning(string message = null, string start = null, string contains = null, string source = null) =>
        Level<Warning>(message, start, contains, source);

    /// <summary>Warnings.</summary>
    public IEventFilterApplier Warning(Regex pattern, string source = null) => Level<Warning>(pattern, source);

    /// <summary>Informations.</summary>
    public IEventFilterApplier Info(string message = null, string start = null, string contains = null, string source = null) =>
        Level<Info>(message, start, contains, source);

    /// <summary>Informations.</summary>
    public IEventFilterApplier Info(Regex pattern, string source = null) => Level<Info>(pattern, source);

    /// <summary>Debug events; only logged where akka.loglevel is DEBUG.</summary>
    public IEventFilterApplier Debug(string message = null, string start = null, string contains = null, string source = null) =>
        Level<Debug>(message, start, contains, source);

    /// <summary>Debug events; only logged where akka.loglevel is DEBUG.</summary>
    public IEventFilterApplier Debug(Regex pattern, string source = null) => Level<Debug>(pattern, source);

    /// <summary>Events of a level.</summary>
    public IEventFilterApplier ForLogLevel(LogLevel logLevel, string message = null, string start = null, string contains = null, string source = null) => logLevel switch
    {
        LogLevel.DebugLevel => Debug(message, start, contains, source),
        LogLevel.InfoLevel => Info(message, start, contains, source),
        LogLevel.WarningLevel => Warning(message, start, contains, source),
        LogLevel.ErrorLevel => Error(message, start, contains, source),
        _ => throw new ArgumentOutOfRangeException(nameof(logLevel), logLevel, null),
    };

    /// <summary>Dead letters.</summary>
    public IEventFilterApplier DeadLetter() => DeadLetters(_ => true, "DeadLetter", null);

    /// <summary>Dead letters with a message of this type.</summary>
    public IEventFilterApplier DeadLetter<TMessage>(string source = null) =>
        DeadLetters(message => message is TMessage, $"DeadLetter of {typeof(TMessage).Name}", source);

    /// <summary>Dead letters with a message of this type that satisfies <paramref name="isMatch"/>.</summary>
    public IEventFilterApplier DeadLetter<TMessage>(Func<TMessage, bool> isMatch, string source = null) =>
        DeadLetters(message => message is TMessage typed && isMatch(typed), $"DeadLetter of {typeof(TMessage).Name}", source);

    /// <summary>Dead letters with a message of this type.</summary>
    public IEventFilterApplier DeadLetter(Type type, string source = null) =>
        DeadLetters(type.IsInstanceOfType, $"DeadLetter of {type.Name}", source);

    /// <summary>Dead letters with a message of this type that satisfies <paramref name="isMatch"/>.</summary>
    public IEventFilterApplier DeadLetter(Type type, Func<object, bool> isMatch, string source = null) =>
        DeadLetters(message => type.IsInstanceOfType(message) && isMatch(message), $"DeadLetter of {type.Name}", source);

    /// <summary>Events that satisfy <paramref name="predicate"/>.</summary>
    public IEventFilterApplier Custom(Predicate<LogEvent> predicate) => With(LogEventFilter.Custom(predicate));

    /// <summary>Events of this type that satisfy <paramref name="predicate"/>.</summary>
    public IEventFilterApplier Custom<TLogEvent>(Predicate<TLogEvent> predicate)
        where TLogEvent : LogEvent => With(LogEventFilter.Custom(predicate));

    private IEventFilterApplier Level<TLogEvent>(string message, string start, string contains, string source)
        where TLogEvent : LogEvent =>
        With(LogEventFilter.Level<TLogEvent>(StringMatcher.Message(message, start, contains), StringMatcher.Source(source)));

    private IEventFilterApplier Level<TLogEvent>(Regex pattern, string source)
        where TLogEvent : LogEvent =>
        With(LogEventFilter.Level<TLogEvent>(StringMatcher.Pattern(pattern), StringMatcher.Source(source)));

    private IEventFilterApplier DeadLetters(Func<object, bool> isMatch, string description, string source) =>
        With(LogEventFilter.DeadLetter(isMatch, description, StringMatcher.Source(source)));

    private EventFilterApplier With(LogEventFilter filter) => new(_testKit, _system, [.. _filters, filter]);
}
