using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>
/// The logger of a system under test: prints what is logged, except what an <see cref="EventFilterFactory"/> filter
/// picks. Dead letters and unhandled messages count as warnings.
/// </summary>
public class TestEventListener : DefaultLogger
{
    private readonly List<LogEventFilter> _filters = [];

    /// <inheritdoc/>
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger initialize:
                foreach (var type in new[] { typeof(MuteFilters), typeof(UnmuteFilters), typeof(DeadLetter), typeof(UnhandledMessage) })
                {
                    initialize.LoggingBus.Subscribe(Context.Self, type);
                }

                Sender.Tell(new LoggerInitialized(), Self);
                return true;
            case MuteFilters mute:
                _filters.AddRange(mute.Filters);
                return true;
            case UnmuteFilters unmute:
                foreach (var filter in unmute.Filters)
                {
                    _filters.Remove(filter);
                }

                return true;
            case LogEvent logged:
                PrintUnlessPicked(logged, logged);
                return true;
            case DeadLetter { Message: ISystemMessage or Terminated }:
                return true;
            case DeadLetter letter:
                PrintUnlessPicked(
                    Warn(letter.Recipient, letter),
                    Warn(letter.Recipient, $"Dead letter from {PathOf(letter.Sender)}: {letter.Message}"));
                return true;
            case UnhandledMessage unhandled:
                var warning = Warn(unhandled.Recipient, $"Unhandled message from {PathOf(unhandled.Sender)}: {unhandled.Message}");
                PrintUnlessPicked(warning, warning);
                return true;
            default:
                return base.Receive(message);
        }
    }

    private void PrintUnlessPicked(LogEvent logged, LogEvent printed)
    {
        // A filter that picked the event ends the search: one event is counted once.
        foreach (var filter in _filters)
        {
            if (filter.Apply(logged))
            {
                return;
            }
        }

        Print(printed);
    }

    private static Warning Warn(IActorRef recipient, object message) =>
        new(PathOf(recipient), recipient?.GetType() ?? typeof(TestEventListener), message);

    private static string PathOf(IActorRef actor) => actor?.Path?.ToString() ?? "nobody";
}
