using Akka.Actor;

namespace Akka.Util;

/// <summary>A plain stand-in for an object that cannot be serialized by its fields, such as an actor reference.</summary>
public interface ISurrogate
{
    ISurrogated FromSurrogate(ActorSystem system);
}

/// <summary>An object that travels as its stand-in.</summary>
public interface ISurrogated
{
    ISurrogate ToSurrogate(ActorSystem system);
}
