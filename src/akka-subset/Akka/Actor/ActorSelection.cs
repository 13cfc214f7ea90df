using System.Text.RegularExpressions;
using Akka.Event;

namespace Akka.Actor;

public abstract class SelectionPathElement
{
}

public class SelectChildName : SelectionPathElement
{
    public SelectChildName(string name)
    {
        Name = name;
    }

    public string Name { get; }

    public override bool Equals(object obj) => obj is SelectChildName other && Name == other.Name;

    public override int GetHashCode() => Name?.GetHashCode() ?? 0;

    public override string ToString() => Name;
}

/// <summary>All children whose names fit a pattern of * and ?.</summary>
public class SelectChildPattern : SelectionPathElement
{
    private readonly Regex _regex;

    public SelectChildPattern(string patternStr)
    {
        PatternStr = patternStr;
        _regex = new Regex(
            "^" + Regex.Escape(patternStr).Replace("\\*", ".*").Replace("\\?", ".") + "$", RegexOptions.CultureInvariant);
    }

    public string PatternStr { get; }

    internal bool Fits(string name) => _regex.IsMatch(name);

    public override bool Equals(object obj) => obj is SelectChildPattern other && PatternStr == other.PatternStr;

    public override int GetHashCode() => PatternStr?.GetHashCode() ?? 0;

    public override string ToString() => PatternStr;
}

/// <summary>All actors below: "**" at the end of a path.</summary>
public class SelectChildRecursive : SelectionPathElement
{
    public static readonly SelectChildRecursive Instance = new();

    public override bool Equals(object obj) => obj is SelectChildRecursive;

    public override int GetHashCode() => "**".GetHashCode();

    public override string ToString() => "**";
}

public class SelectParent : SelectionPathElement
{
    public static readonly SelectParent Instance = new();

    public override bool Equals(object obj) => obj is SelectParent;

    public override int GetHashCode() => "..".GetHashCode();

    public override string ToString() => "..";
}

/// <summary>A message on its way down a selection's path.</summary>
public class ActorSelectionMessage : IAutoReceivedMessage, IPossiblyHarmful, IWrappedMessage
{
    public ActorSelectionMessage(object message, SelectionPathElement[] elements, bool wildCardFanOut = false)
    {
        Message = message;
        Elements = elements;
        WildCardFanOut = wildCardFanOut;
    }

    public object Message { get; }

    public SelectionPathElement[] Elements { get; }

    public bool WildCardFanOut { get; }

    public ActorSelectionMessage Copy(object message = null, SelectionPathElement[] elements = null, bool? wildCardFanOut = null) =>
        new(message ?? Message, elements ?? Elements, wildCardFanOut ?? WildCardFanOut);

    public override string ToString() =>
        $"ActorSelectionMessage - Message: {Message} - WildCardFanOut: {WildCardFanOut} - Elements: {string.Join<SelectionPathElement>("/", Elements)}";
}

/// <summary>A place in the tree of actors, looked up anew with each message.</summary>
public class ActorSelection : ICanTell
{
    public ActorSelection()
    {
    }

    public ActorSelection(IActorRef anchor, SelectionPathElement[] path)
    {
        Anchor = anchor;
        Path = path;
    }

    public ActorSelection(IActorRef anchor, string path)
        : this(anchor, path == "" ? [] : path.Split('/'))
    {
    }

    public ActorSelection(IActorRef anchor, IEnumerable<string> elements)
    {
        Anchor = anchor;
        var path = new List<SelectionPathElement>();
        foreach (var element in elements)
        {
            switch (element)
            {
                case null or "" or ".":
                    break;
                case "..":
                    path.Add(SelectParent.Instance);
                    break;
                case "**":
                    path.Add(SelectChildRecursive.Instance);
                    break;
                default:
                    path.Add(element.Contains('*') || element.Contains('?') ? new SelectChildPattern(element) : new SelectChildName(element));
                    break;
            }
        }

        Path = [.. path];
    }

    public IActorRef Anchor { get; private set; }

    public SelectionPathElement[] Path { get; }

    public string PathString => "/" + string.Join<SelectionPathElement>("/", Path);

    public void Tell(object message, IActorRef sender = null)
    {
        sender ??= ActorCell.GetCurrentSelfOrNoSender();
        Deliver((IInternalActorRef)Anchor, sender, new ActorSelectionMessage(message, Path));
    }

    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    public async Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        try
        {
            var identity = await this.Ask<ActorIdentity>(new Identify(Guid.NewGuid()), timeout, ct).ConfigureAwait(false);
            return identity.Subject ?? throw new ActorNotFoundException($"subject was null: nobody at {this}");
        }
        catch (Exception e) when (e is not ActorNotFoundException)
        {
            throw new ActorNotFoundException($"Nobody answered at {this}", e);
        }
    }

    /// <summary>Walks down the path as far as it is local and sends the message to whom it finds there.</summary>
    internal static void Deliver(IInternalActorRef anchor, IActorRef sender, ActorSelectionMessage selection)
    {
        var elements = selection.Elements;
        var current = anchor;
        for (var i = 0; i < elements.Length; i++)
        {
            if (current is not ActorRefWithCell withCell)
            {
                // Not ours to walk any further: somebody else's system, or nobody.
                current.Tell(i == 0 ? selection : selection.Copy(elements: elements[i..]), sender);
                return;
            }

            switch (elements[i])
            {
                case SelectParent:
                    current = withCell.Parent.IsNobody() ? current : withCell.Parent;
                    break;
                case SelectChildName child:
                    var found = withCell.GetSingleChild(child.Name);
                    if (found is Nobody)
                    {
                        if (!selection.WildCardFanOut)
                            NotFound(withCell, elements[i..], sender, selection);
                        return;
                    }

                    current = found;
                    break;
                case SelectChildPattern pattern:
                    FanOut(withCell, pattern, elements[(i + 1)..], sender, selection);
                    return;
                case SelectChildRecursive:
                    FanOutAll(withCell, sender, selection);
                    return;
            }
        }

        current.Tell(selection.Message, sender);
    }

    private static void FanOut(
        ActorRefWithCell parent, SelectChildPattern pattern, SelectionPathElement[] rest, IActorRef sender, ActorSelectionMessage selection)
    {
        var fitting = parent.Children.Where(child => pattern.Fits(child.Path.Name)).ToArray();
        if (fitting.Length == 0 && !selection.WildCardFanOut)
        {
            NotFound(parent, [pattern, .. rest], sender, selection);
            return;
        }

        var further = new ActorSelectionMessage(selection.Message, rest, selection.WildCardFanOut || fitting.Length > 1);
        foreach (var child in fitting)
            Deliver((IInternalActorRef)child, sender, further);
    }

    private static void FanOutAll(ActorRefWithCell parent, IActorRef sender, ActorSelectionMessage selection)
    {
        foreach (var child in parent.Children)
        {
            child.Tell(selection.Message, sender);
            if (child is ActorRefWithCell withCell)
                FanOutAll(withCell, sender, selection);
        }
    }

    private static void NotFound(ActorRefWithCell at, SelectionPathElement[] rest, IActorRef sender, ActorSelectionMessage selection)
    {
        if (selection.Message is Identify identify)
        {
            sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
            return;
        }

        var system = ((ActorRefWithCell)at).Underlying.SystemImpl;
        var path = at.Path / rest.Select(element => element.ToString());
        var nobodyThere = new EmptyLocalActorRef(system.Provider, path, system.EventStream);
        nobodyThere.Tell(selection.Message, sender);
    }

    public override bool Equals(object obj) =>
        obj is ActorSelection other && Equals(Anchor, other.Anchor) && Path.SequenceEqual(other.Path);

    public override int GetHashCode() => HashCode.Combine(Anchor, Path.Length);

    public override string ToString() => $"ActorSelection[Anchor({Anchor}), Path({PathString})]";
}
