using System.Collections.Concurrent;
using System.Text;

namespace Akka.Util;

public static class TypeExtensions
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();

    public static bool Implements<T>(this Type type) => Implements(type, typeof(T));

    public static bool Implements(this Type type, Type moreGeneralType) => moreGeneralType.IsAssignableFrom(type);

    /// <summary>Name and assembly without version, so that another build of the same assembly finds the type.</summary>
    public static string TypeQualifiedName(this Type type) =>
        Names.GetOrAdd(type, static key => new StringBuilder().AppendTypeName(key).Append(", ").Append(key.Assembly.GetName().Name).ToString());

    private static StringBuilder AppendTypeName(this StringBuilder text, Type type)
    {
        if (type.IsArray)
        {
            text.AppendTypeName(type.GetElementType()).Append('[').Append(',', type.GetArrayRank() - 1);
            return text.Append(']');
        }

        if (!type.IsConstructedGenericType)
            return text.Append(type.FullName);
        text.Append(type.GetGenericTypeDefinition().FullName).Append('[');
        var first = true;
        foreach (var argument in type.GetGenericArguments())
        {
            text.Append(first ? "[" : ",[").Append(argument.TypeQualifiedName()).Append(']');
            first = false;
        }

        return text.Append(']');
    }
}
