using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.MessageQueues;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>Finds the mailbox type of an actor by its deployment, its requirements and the configuration.</summary>
public class Mailboxes
{
    public static readonly string DefaultMailboxId = "akka.actor.default-mailbox";
    public static readonly string NoMailboxRequirement = "";

    private readonly ActorSystem _system;
    private readonly ConcurrentDictionary<string, MailboxType> _types = new();
    private readonly ConcurrentDictionary<Type, Type> _requirements = new();
    private readonly Dictionary<Type, string> _bindings = new();

    public Mailboxes(ActorSystem system)
    {
        _system = system;
        DeadLetterMailbox = new DeadLetterMailbox(system.DeadLetters);
        var bindings = system.Settings.Config.GetConfig("akka.actor.mailbox.requirements");
        if (bindings.IsNullOrEmpty())
            return;
        foreach (var pair in bindings.AsEnumerable().ToArray())
        {
            var name = pair.Key.Trim('"');
            var type = TypeNames.Find(name);
            if (type is null)
            {
                system.EventStream.Publish(new Warning("mailboxes", typeof(Mailboxes), $"akka.actor.mailbox.requirements: there is no type [{name}]"));
                continue;
            }

            _bindings[type] = pair.Value.GetString();
        }
    }

    public DeadLetterMailbox DeadLetterMailbox { get; }

    /// <summary>The queue semantics that <see cref="IRequiresMessageQueue{T}"/> on an actor class asks for, or null.</summary>
    public Type GetRequiredType(Type actorType) => _requirements.GetOrAdd(actorType, static type =>
    {
        var requirement = type.GetInterfaces().FirstOrDefault(
            candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IRequiresMessageQueue<>));
        return requirement?.GetGenericArguments()[0];
    });

    public bool HasRequiredType(Type actorType) => GetRequiredType(actorType) is not null;

    public bool ProducesMessageQueue(Type mailboxType) => ProducedQueue(mailboxType) is not null;

    private static Type ProducedQueue(Type mailboxType)
    {
        var produces = mailboxType.GetInterfaces().FirstOrDefault(
            candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IProducesMessageQueue<>));
        return produces?.GetGenericArguments()[0];
    }

    public MailboxType LookupByQueueType(Type queueType) =>
        _bindings.TryGetValue(queueType, out var id)
            ? Lookup(id)
            : throw new ConfigurationException($"akka.actor.mailbox.requirements says no mailbox for [{queueType}]");

    public MailboxType Lookup(string id) => _types.GetOrAdd(id, static (key, self) => self.CreateType(key), this);

    private MailboxType CreateType(string id)
    {
        if (id == "unbounded")
            return new UnboundedMailbox();
        var root = _system.Settings.Config;
        if (!root.HasPath(id))
            throw new ConfigurationException($"Mailbox [{id}] is not configured");
        var config = root.GetConfig(id).WithFallback(root.GetConfig(DefaultMailboxId));
        var typeName = config.GetString("mailbox-type", "");
        if (string.IsNullOrEmpty(typeName))
            throw new ConfigurationException($"Mailbox [{id}] has no mailbox-type");
        var type = TypeNames.Find(typeName)
            ?? throw new ConfigurationException($"Mailbox [{id}]: there is no type [{typeName}]");
        try
        {
            return (MailboxType)Activator.CreateInstance(type, _system.Settings, config);
        }
        catch (Exception e)
        {
            throw new ArgumentException($"Mailbox [{id}]: [{type}] could not be created; it needs a public constructor that takes Settings and Config", e);
        }
    }

    public MailboxType GetMailboxType(Props props, Config dispatcherConfig)
    {
        dispatcherConfig ??= Config.Empty;
        var id = dispatcherConfig.GetString("id", "");
        var deploy = props.Deploy;
        var actorType = props.Type;
        var actorRequirement = GetRequiredType(actorType);
        var dispatcherRequirementName = dispatcherConfig.GetString("mailbox-requirement", NoMailboxRequirement);
        var dispatcherRequirement = string.IsNullOrEmpty(dispatcherRequirementName) ? null : TypeNames.Find(dispatcherRequirementName);

        MailboxType Verified(MailboxType mailbox)
        {
            var queue = ProducedQueue(mailbox.GetType());
            if (queue is null)
                return mailbox;
            if (actorRequirement is not null && !actorRequirement.IsAssignableFrom(queue))
                throw new ArgumentException($"The actor [{actorType}] requires a queue of [{actorRequirement}], which [{queue}] is not");
            if (dispatcherRequirement is not null && !dispatcherRequirement.IsAssignableFrom(queue))
                throw new ArgumentException($"The dispatcher [{id}] requires a queue of [{dispatcherRequirement}], which [{queue}] is not");
            return mailbox;
        }

        if (!string.IsNullOrEmpty(deploy.Mailbox))
            return Verified(Lookup(deploy.Mailbox));

        // "mailbox-type" on the dispatcher itself; one that came from the defaults does not count.
        if (!string.IsNullOrEmpty(id) && dispatcherConfig.HasPath("mailbox-type"))
            return Verified(Lookup(id));

        if (actorRequirement is not null && _bindings.ContainsKey(actorRequirement))
        {
            try
            {
                return Verified(LookupByQueueType(actorRequirement));
            }
            catch (ArgumentException) when (dispatcherRequirement is not null)
            {
                return Verified(LookupByQueueType(dispatcherRequirement));
            }
        }

        if (dispatcherRequirement is not null)
            return Verified(LookupByQueueType(dispatcherRequirement));
        return Verified(Lookup(DefaultMailboxId));
    }

    /// <summary>How many messages a stash may hold; -1 for any number.</summary>
    public int StashCapacity(string dispatcher, string mailbox)
    {
        var config = _system.Settings.Config;
        foreach (var id in new[] { mailbox, dispatcher, DefaultMailboxId })
        {
            if (!string.IsNullOrEmpty(id) && config.HasPath(id + ".stash-capacity"))
                return config.GetInt(id + ".stash-capacity", -1);
        }

        return -1;
    }
}
