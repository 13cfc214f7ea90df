using System.Collections.Concurrent;
using Akka.Util;
using Newtonsoft.Json;
using Newtonsoft.Json.Serialization;

namespace Akka.Serialization;

/// <summary>
/// Finds the types that JSON names. Type names come from outside, and creating some of the framework's types does things:
/// starts processes, opens files, loads code. Those are refused.
/// </summary>
internal sealed class JsonTypeBinder : ISerializationBinder
{
    private static readonly string[] RefusedNamespaces =
    [
        "System.Activities", "System.AddIn", "System.CodeDom", "System.Configuration", "System.Data", "System.Diagnostics",
        "System.DirectoryServices", "System.Drawing", "System.EnterpriseServices", "System.IO", "System.Management", "System.Net",
        "System.Reflection", "System.Resources", "System.Runtime", "System.Security", "System.ServiceProcess", "System.Threading",
        "System.Web", "System.Windows", "System.Workflow", "System.Xml", "Microsoft.Build", "Microsoft.CodeAnalysis",
        "Microsoft.CSharp", "Microsoft.VisualBasic", "Microsoft.VisualStudio", "Microsoft.Win32",
    ];

    private readonly ConcurrentDictionary<(string Assembly, string Type), Type> _types = new();

    public void BindToName(Type serializedType, out string assemblyName, out string typeName)
    {
        var name = serializedType.TypeQualifiedName();
        var assembly = serializedType.Assembly.GetName().Name;
        typeName = name[..^(assembly.Length + 2)];
        assemblyName = assembly;
    }

    public Type BindToType(string assemblyName, string typeName) => _types.GetOrAdd((assemblyName, typeName), static name =>
    {
        var type = Type.GetType(name.Assembly is null ? name.Type : $"{name.Type}, {name.Assembly}", throwOnError: false)
            ?? throw new JsonSerializationException($"The type [{name.Type}, {name.Assembly}] cannot be found.");
        Refuse(type);
        return type;
    });

    private static void Refuse(Type type)
    {
        if (type.HasElementType)
        {
            Refuse(type.GetElementType());
            return;
        }

        foreach (var argument in type.GenericTypeArguments)
            Refuse(argument);
        // Failures are data, wherever they are defined.
        if (typeof(Exception).IsAssignableFrom(type))
            return;
        var space = type.Namespace ?? "";
        if (typeof(Delegate).IsAssignableFrom(type)
            || Array.Exists(RefusedNamespaces, refused => space == refused || space.StartsWith(refused + ".", StringComparison.Ordinal)))
        {
            throw new JsonSerializationException($"The type [{type.FullName}] may not be created from JSON.");
        }
    }
}
