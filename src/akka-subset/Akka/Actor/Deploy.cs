using Akka.Configuration;

namespace Akka.Actor;

/// <summary>Where an actor is to be created.</summary>
public abstract class Scope : IEquatable<Scope>
{
    public static readonly LocalScope Local = LocalScope.Instance;

    public abstract Scope WithFallback(Scope other);

    public abstract Scope Copy();

    public virtual bool Equals(Scope other) => other is not null && GetType() == other.GetType();

    public override bool Equals(object obj) => obj is Scope other && Equals(other);

    public override int GetHashCode() => GetType().GetHashCode();
}

public class LocalScope : Scope
{
    private LocalScope()
    {
    }

    public static LocalScope Instance { get; } = new();

    public override Scope WithFallback(Scope other) => this;

    public override Scope Copy() => this;
}

internal sealed class NoScope : Scope
{
    public static readonly NoScope Only = new();

    public override Scope WithFallback(Scope other) => other;

    public override Scope Copy() => this;
}

/// <summary>How an actor is to be created: dispatcher, mailbox, stash. From code or from akka.actor.deployment.</summary>
public class Deploy : IEquatable<Deploy>
{
    public const int NoStashSize = -1;

    public static readonly Deploy Local = new(Scope.Local);
    public static readonly string NoDispatcherGiven = string.Empty;
    public static readonly string NoMailboxGiven = string.Empty;
    public static readonly Scope NoScopeGiven = NoScope.Only;
    public static readonly Deploy None = null;

    public Deploy()
        : this("", Config.Empty, NoScope.Only, "", "", NoStashSize)
    {
    }

    public Deploy(Scope scope)
        : this("", Config.Empty, scope ?? NoScope.Only, "", "", NoStashSize)
    {
    }

    public Deploy(string path, Scope scope)
        : this(path, Config.Empty, scope, "", "", NoStashSize)
    {
    }

    internal Deploy(string path, Config config, Scope scope, string dispatcher, string mailbox, int stashCapacity)
    {
        Path = path;
        Config = config;
        Scope = scope;
        Dispatcher = dispatcher ?? "";
        Mailbox = mailbox ?? "";
        StashCapacity = stashCapacity;
    }

    public string Path { get; }

    public Config Config { get; }

    public Scope Scope { get; }

    public string Dispatcher { get; }

    public string Mailbox { get; }

    public int StashCapacity { get; }

    internal static Deploy Default { get; } = new();

    /// <summary>This one's settings where it has any, <paramref name="other"/>'s where it has none.</summary>
    public virtual Deploy WithFallback(Deploy other) => new(
        Path.Length > 0 ? Path : other.Path,
        Config.IsNullOrEmpty() ? other.Config : Config.WithFallback(other.Config),
        Scope.WithFallback(other.Scope),
        Dispatcher.Length > 0 ? Dispatcher : other.Dispatcher,
        Mailbox.Length > 0 ? Mailbox : other.Mailbox,
        StashCapacity != NoStashSize ? StashCapacity : other.StashCapacity);

    public virtual Deploy WithScope(Scope scope) => new(Path, Config, scope ?? Scope, Dispatcher, Mailbox, StashCapacity);

    public virtual Deploy WithDispatcher(string dispatcher) => new(Path, Config, Scope, dispatcher, Mailbox, StashCapacity);

    public virtual Deploy WithMailbox(string mailbox) => new(Path, Config, Scope, Dispatcher, mailbox, StashCapacity);

    public virtual Deploy WithStashCapacity(int stashSize) => new(Path, Config, Scope, Dispatcher, Mailbox, stashSize);

    public bool Equals(Deploy other) =>
        other is not null && Path == other.Path && Dispatcher == other.Dispatcher && Mailbox == other.Mailbox
        && StashCapacity == other.StashCapacity && Scope.Equals(other.Scope);

    public override bool Equals(object obj) => obj is Deploy other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Path, Dispatcher, Mailbox, StashCapacity, Scope);
}
