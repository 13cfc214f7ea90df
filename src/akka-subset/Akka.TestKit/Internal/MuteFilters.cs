using Akka.Actor;

namespace Akka.TestKit.Internal;

/// <summary>From now on the listener swallows what these filters pick.</summary>
internal sealed record MuteFilters(IReadOnlyList<LogEventFilter> Filters) : INoSerializationVerificationNeeded;

/// <summary>The listener forgets these filters.</summary>
internal sealed record UnmuteFilters(IReadOnlyList<LogEventFilter> Filters) : INoSerializationVerificationNeeded;
