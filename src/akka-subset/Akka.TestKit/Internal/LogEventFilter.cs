using Akka.Event;

namespace Akka.TestKit.Internal;

/// <summary>Picks log events. A listener that applies it swallows what it picks and tells who registered it.</summary>
internal sealed class LogEventFilter
{
    private readonly Func<LogEvent, bool> _isMatch;
    private readonly string _description;
    private Action<LogEvent> _matched;

    private LogEventFilter(string description, Func<LogEvent, bool> isMatch)
    {
        _isMatch = isMatch;
        _description = description;
    }

    public event Action<LogEvent> Matched
    {
        add => _matched += value;
        remove => _matched -= value;
    }

    public static LogEventFilter Custom<TLogEvent>(Predicate<TLogEvent> predicate)
        where TLogEvent : LogEvent =>
        new($"Custom({typeof(TLogEvent).Name})", logged => logged is TLogEvent typed && predicate(typed));

    public static LogEventFilter Level<TLogEvent>(StringMatcher message, StringMatcher source)
        where TLogEvent : LogEvent =>
        new(
            Describe(typeof(TLogEvent).Name, message, source),
            logged => logged is TLogEvent && source.IsMatch(logged.LogSource) && message.IsMatch(TextOf(logged.Message)));

    public static LogEventFilter Failure(Type exceptionType, StringMatcher message, StringMatcher source, bool checkInner) =>
        new(
            Describe(exceptionType.Name, message, source),
            logged => logged is Error && source.IsMatch(logged.LogSource) && HasCause(logged.Cause, logged, exceptionType, message, checkInner));

    public static LogEventFilter DeadLetter(Func<object, bool> isMatch, string description, StringMatcher source) =>
        new(
            Describe(description, StringMatcher.Any, source),
            logged => logged is Warning { Message: Akka.Event.DeadLetter letter } && isMatch(letter.Message) && source.IsMatch(logged.LogSource));

    public bool Apply(LogEvent logged)
    {
        if (!_isMatch(logged))
        {
            return false;
        }

        _matched?.Invoke(logged);
        return true;
    }

    public override string ToString() => _description;

    private static bool HasCause(Exception cause, LogEvent logged, Type type, StringMatcher message, bool checkInner)
    {
        for (var one = cause; one is not null; one = checkInner ? one.InnerException : null)
        {
            if (type.IsInstanceOfType(one) && (message.IsMatch(TextOf(logged.Message)) || message.IsMatch(one.Message)))
            {
                return true;
            }
        }

        return false;
    }

    private static string TextOf(object message) => message?.ToString() ?? string.Empty;

    private static string Describe(string what, StringMatcher message, StringMatcher source)
    {
        var parts = new[]
        {
            message.Description is { } text ? $"message {text}" : null,
            source.Description is { } from ? $"source {from}" : null,
        }.Where(part => part is not null).ToList();
        return parts.Count == 0 ? what : $"{what}({string.Join(", ", parts)})";
    }
}
