namespace Akka.Dispatch;

/// <summary>Types by the names that configurations use: with assembly, or without for those in here.</summary>
internal static class TypeNames
{
    public static Type Find(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return null;
        var type = Type.GetType(name, throwOnError: false) ?? typeof(TypeNames).Assembly.GetType(name, throwOnError: false);
        if (type is not null || name.Contains(','))
            return type;
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            type = assembly.GetType(name, throwOnError: false);
            if (type is not null)
                return type;
        }

        return null;
    }
}
