using System.Linq.Expressions;
using System.Reflection;

namespace Akka.Actor;

/// <summary>The recipe of an actor: its class, constructor arguments and deployment. Immutable.</summary>
public class Props : IEquatable<Props>
{
    public static readonly Props None = null;

    private static readonly object[] NoArguments = [];

    private readonly IIndirectActorProducer _producer;
    private readonly object[] _arguments;

    protected Props()
        : this(Deploy.Default, typeof(EmptyActor), NoArguments)
    {
    }

    protected Props(Props copy)
        : this(copy.Deploy, copy.SupervisorStrategy, copy._producer, copy.Type, copy._arguments)
    {
    }

    public Props(Type type, object[] args)
        : this(Deploy.Default, type, args)
    {
    }

    public Props(Type type)
        : this(Deploy.Default, type, NoArguments)
    {
    }

    public Props(Type type, SupervisorStrategy supervisorStrategy, IEnumerable<object> args)
        : this(Deploy.Default, supervisorStrategy, null, Checked(type), args.ToArray())
    {
    }

    public Props(Type type, SupervisorStrategy supervisorStrategy, params object[] args)
        : this(Deploy.Default, supervisorStrategy, null, Checked(type), args)
    {
    }

    public Props(Deploy deploy, Type type, IEnumerable<object> args)
        : this(deploy, null, null, Checked(type), args.ToArray())
    {
    }

    public Props(Deploy deploy, Type type, params object[] args)
        : this(deploy, null, null, Checked(type), args)
    {
    }

    private Props(
        Deploy deploy,
        SupervisorStrategy strategy,
        IIndirectActorProducer producer,
        Type type,
        object[] arguments)
    {
        Deploy = deploy;
        SupervisorStrategy = strategy;
        Type = type;
        _producer = producer;
        _arguments = arguments is null ? NoArguments : arguments.GetType() == typeof(object[]) ? arguments : [.. arguments];
    }

    public static Props Empty { get; } = new();

    public Type Type { get; }

    public string TypeName => Type.AssemblyQualifiedName;

    public Deploy Deploy { get; protected set; }

    public SupervisorStrategy SupervisorStrategy { get; protected set; }

    public string Dispatcher => Deploy.Dispatcher.Length == 0 ? null : Deploy.Dispatcher;

    public string Mailbox => Deploy.Mailbox.Length == 0 ? null : Deploy.Mailbox;

    public object[] Arguments => _arguments;

    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is UnaryExpression)
            throw new ArgumentException("Do not use a cast in a factory of Props", nameof(factory));
        if (factory.Body is not NewExpression construction)
            throw new ArgumentException("The factory of Props must be a `new` expression: () => new MyActor(...)", nameof(factory));
        var arguments = new object[construction.Arguments.Count];
        for (var i = 0; i < arguments.Length; i++)
            arguments[i] = Evaluate(construction.Arguments[i]);
        return new Props(Deploy.Default, supervisorStrategy, null, Checked(typeof(TActor)), arguments);
    }

    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => new(Deploy.Default, null, null, Checked(typeof(TActor)), args);

    public static Props Create<TActor>(SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() => new(Deploy.Default, supervisorStrategy, null, typeof(TActor), NoArguments);

    public static Props Create(Type type, params object[] args) => new(Deploy.Default, null, null, Checked(type), args);

    public static Props CreateBy<TProducer>(params object[] args)
        where TProducer : class, IIndirectActorProducer
    {
        var producer = (IIndirectActorProducer)Activator.CreateInstance(typeof(TProducer), args);
        return CreateBy(producer, args);
    }

    public static Props CreateBy(IIndirectActorProducer producer, params object[] args) =>
        new(Deploy.Default, null, producer, producer.ActorType, args);

    public Props WithMailbox(string mailbox) => With(Deploy.WithMailbox(mailbox));

    public Props WithDispatcher(string dispatcher) => With(Deploy.WithDispatcher(dispatcher));

    public Props WithStashCapacity(int stashCapacity) => With(Deploy.WithStashCapacity(stashCapacity));

    public Props WithDeploy(Deploy deploy) => With(deploy.WithFallback(Deploy));

    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy)
    {
        var copy = Copy();
        copy.SupervisorStrategy = supervisorStrategy;
        return copy;
    }

    private Props With(Deploy deploy)
    {
        var copy = Copy();
        copy.Deploy = deploy;
        return copy;
    }

    protected virtual Props Copy() => new(Deploy, SupervisorStrategy, _producer, Type, _arguments);

    public virtual ActorBase NewActor()
    {
        try
        {
            if (_producer is not null)
                return _producer.Produce();
            return (ActorBase)ActorActivator.Create(Type, _arguments);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            throw new TypeLoadException($"The constructor of {Type}, called with {_arguments.Length} arguments, failed", e.InnerException);
        }
        catch (Exception e) when (e is not ActorInitializationException)
        {
            throw new TypeLoadException($"The constructor of {Type}, called with {_arguments.Length} arguments, failed", e);
        }
    }

    internal void Release(ActorBase actor) => _producer?.Release(actor);

    private static Type Checked(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!typeof(ActorBase).IsAssignableFrom(type) && !typeof(IIndirectActorProducer).IsAssignableFrom(type))
            throw new ArgumentException($"[{type.FullName}] is no subclass of ActorBase", nameof(type));
        return type;
    }

    // Reads constants and captured variables without compiling: Props are made often.
    private static object Evaluate(Expression expression)
    {
        switch (expression)
        {
            case ConstantExpression constant:
                return constant.Value;
            case MemberExpression { Member: FieldInfo field } member:
                return field.GetValue(member.Expression is null ? null : Evaluate(member.Expression));
            case DefaultExpression { Type.IsValueType: false }:
                return null;
            case UnaryExpression { NodeType: ExpressionType.Convert, Method: null } convert
                when !convert.Type.IsValueType && !convert.Operand.Type.IsValueType:
                return Evaluate(convert.Operand);
            default:
                return Expression.Lambda<Func<object>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)();
        }
    }

    public bool Equals(Props other) =>
        other is not null && Type == other.Type && Deploy.Equals(other.Deploy)
        && Equals(SupervisorStrategy, other.SupervisorStrategy) && _arguments.SequenceEqual(other._arguments);

    public override bool Equals(object obj) => obj is Props other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Type, Deploy, _arguments.Length);

    private sealed class EmptyActor : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }
}
