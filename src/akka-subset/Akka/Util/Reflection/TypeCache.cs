using System.Collections.Concurrent;

namespace Akka.Util.Reflection;

public static class TypeCache
{
    private static readonly ConcurrentDictionary<string, Type> Types = new(StringComparer.Ordinal);

    /// <summary>The type of a name; it may lack the assembly if it is this library's or the framework's.</summary>
    /// <exception cref="TypeLoadException">There is no such type.</exception>
    public static Type GetType(string typeName) => Types.GetOrAdd(typeName, static name => Type.GetType(name, throwOnError: true));
}
