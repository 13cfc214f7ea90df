namespace Akka.Actor;

public abstract class AkkaException : Exception
{
    protected AkkaException()
    {
    }

    protected AkkaException(string message, Exception cause = null)
        : base(message, cause)
    {
    }

    protected Exception Cause => InnerException;
}

/// <summary>An actor could not be constructed or started.</summary>
public class ActorInitializationException : AkkaException
{
    public ActorInitializationException()
    {
    }

    public ActorInitializationException(string message)
        : base(message)
    {
    }

    public ActorInitializationException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public ActorInitializationException(IActorRef actor, string message, Exception cause = null)
        : base(message, cause)
    {
        Actor = actor;
    }

    public IActorRef Actor { get; set; }

    public override string ToString() => Actor is null ? base.ToString() : $"{Actor}: {base.ToString()}";
}

public class PreRestartException : ActorInitializationException
{
    public PreRestartException(IActorRef actor, Exception restartException, Exception cause, object optionalMessage)
        : base(actor, $"PreRestart failed (original cause: {cause?.GetType().Name}: {cause?.Message})", restartException)
    {
        RestartException = restartException;
        OptionalMessage = optionalMessage;
    }

    public Exception RestartException { get; }

    public object OptionalMessage { get; }
}

public class PostRestartException : ActorInitializationException
{
    public PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
        : base(actor, $"PostRestart or the constructor failed while restarting (original cause: {originalCause?.GetType().Name}: {originalCause?.Message})", cause)
    {
        OriginalCause = originalCause;
    }

    public Exception OriginalCause { get; }
}

public class ActorKilledException : AkkaException
{
    public ActorKilledException()
    {
    }

    public ActorKilledException(string message)
        : base(message)
    {
    }
}

public class ActorNotFoundException : AkkaException
{
    public ActorNotFoundException()
    {
    }

    public ActorNotFoundException(string message, Exception innerException = null)
        : base(message, innerException)
    {
    }
}

public class ActorInterruptedException : AkkaException
{
    public ActorInterruptedException(string message = null, Exception cause = null)
        : base(message, cause)
    {
    }
}

public class IllegalActorStateException : AkkaException
{
    public IllegalActorStateException(string message)
        : base(message)
    {
    }
}

public class IllegalActorNameException : AkkaException
{
    public IllegalActorNameException(string message)
        : base(message)
    {
    }
}

public class InvalidActorNameException : AkkaException
{
    public InvalidActorNameException(string message)
        : base(message)
    {
    }

    public InvalidActorNameException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class InvalidMessageException : AkkaException
{
    public InvalidMessageException()
        : this("A message cannot be null")
    {
    }

    public InvalidMessageException(string message)
        : base(message)
    {
    }
}

public class AskTimeoutException : AkkaException
{
    public AskTimeoutException(string message)
        : base(message)
    {
    }
}

/// <summary>An actor was told that one it watches is gone, and did not handle it.</summary>
public class DeathPactException : AkkaException
{
    public DeathPactException(IActorRef deadActor)
        : base($"The watched actor {deadActor} is gone, and nothing was done about it")
    {
        DeadActor = deadActor;
    }

    public IActorRef DeadActor { get; }
}

public class StashOverflowException : AkkaException
{
    public StashOverflowException(string message, Exception cause = null)
        : base(message, cause)
    {
    }
}

public class LoggerInitializationException : AkkaException
{
    public LoggerInitializationException()
    {
    }

    public LoggerInitializationException(string message)
        : base(message)
    {
    }

    public LoggerInitializationException(string message, Exception cause = null)
        : base(message, cause)
    {
    }
}
