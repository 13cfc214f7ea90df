using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Akka.Actor;

/// <summary>Calls constructors by argument values. Keeps the invoker of types with one public constructor, which is nearly all.</summary>
internal static class ActorActivator
{
    private static readonly ConcurrentDictionary<Type, (ConstructorInvoker Invoker, Type[] Parameters)> Invokers = new();

    public static object Create(Type type, object[] arguments)
    {
        // Props.Create(typeof(X), 1) may meet a long parameter, which only the binder converts: hence the check each time.
        if (Invokers.TryGetValue(type, out var known) && FitsExactly(known.Parameters, arguments))
            return known.Invoker.Invoke(arguments.AsSpan());

        var constructors = type.GetConstructors(BindingFlags.Public | BindingFlags.Instance);
        if (constructors.Length == 1)
        {
            var parameters = constructors[0].GetParameters().Select(parameter => parameter.ParameterType).ToArray();
            if (FitsExactly(parameters, arguments))
            {
                var invoker = ConstructorInvoker.Create(constructors[0]);
                Invokers.TryAdd(type, (invoker, parameters));
                return invoker.Invoke(arguments.AsSpan());
            }
        }

        return CreateByBinder(type, arguments);
    }

    private static object CreateByBinder(Type type, object[] arguments)
    {
        try
        {
            return Activator.CreateInstance(
                type, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance, null, arguments, null);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    private static bool FitsExactly(Type[] parameters, object[] arguments)
    {
        if (parameters.Length != arguments.Length)
            return false;
        for (var i = 0; i < parameters.Length; i++)
        {
            var type = parameters[i];
            if (type.IsByRef || type.IsByRefLike)
                return false;
            if (arguments[i] is null ? type.IsValueType && Nullable.GetUnderlyingType(type) is null : !type.IsInstanceOfType(arguments[i]))
                return false;
        }

        return true;
    }
}
