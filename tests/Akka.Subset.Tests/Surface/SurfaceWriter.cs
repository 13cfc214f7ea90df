using System.Globalization;
using System.Reflection;

namespace Akka.Subset.Tests.Surface;

/// <summary>The public and protected declarations of an assembly, one a line, as in the lists beside this file.</summary>
internal static class SurfaceWriter
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Write(Assembly assembly) => VisibleTypes(assembly).SelectMany(Write).Order(StringComparer.Ordinal);

    public static IEnumerable<Type> VisibleTypes(Assembly assembly) => assembly.GetTypes().Where(IsVisible);

    public static string TypeLine(Type type)
    {
        var bases = new List<string>();
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) && !IsDelegate(type))
            bases.Add(Name(parent));
        bases.AddRange(type.GetInterfaces().Where(IsVisible).Select(Name).Order(StringComparer.Ordinal));
        return $"T {Name(type)} | {Kind(type)}{(bases.Count == 0 ? "" : " : " + string.Join(", ", bases))}";
    }

    /// <summary>The members a type declares itself, each with its line.</summary>
    public static IEnumerable<(MemberInfo Member, string Line)> Members(Type type)
    {
        if (IsDelegate(type))
        {
            var invoke = type.GetMethod("Invoke")!;
            yield return (type, $"D {Name(type)}({Parameters(invoke)}) -> {Name(invoke.ReturnType)}");
            yield break;
        }

        foreach (var member in type.GetMembers(Declared))
        {
            var line = member switch
            {
                ConstructorInfo { IsStatic: false } constructor when IsVisible(constructor) =>
                    $"M {Name(type)}..ctor({Parameters(constructor)}) | {Visibility(constructor)}",
                MethodInfo method when IsVisible(method) && !IsAccessor(method) && method.Name != "Finalize" =>
                    $"M {Name(type)}.{method.Name}{GenericParameters(method)}({Parameters(method)}) -> {Name(method.ReturnType)} | {Modifiers(method)}",
                PropertyInfo property when Accessors(property).Any() => PropertyLine(type, property),
                FieldInfo field when (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName => FieldLine(type, field),
                EventInfo { AddMethod: { } add } @event when IsVisible(add) =>
                    $"E {Name(type)}.{@event.Name} -> {Name(@event.EventHandlerType!)} | {Modifiers(add)}",
                _ => null,
            };
            if (line is not null)
                yield return (member, line);
        }
    }

    public static bool IsVisible(Type type)
    {
        if (type.IsGenericParameter)
            return true;
        if (type.HasElementType)
            return IsVisible(type.GetElementType()!);
        return type.IsNested
            ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!)
            : type.IsPublic;
    }

    public static string Name(Type type)
    {
        if (type.IsByRef)
            return Name(type.GetElementType()!);
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (type.IsPointer)
            return Name(type.GetElementType()!) + "*";
        if (type.IsGenericParameter)
            return type.Name;

        // Generic arguments belong to the level of nesting that introduces them.
        var levels = new List<Type>();
        for (var level = type; level is not null; level = level.DeclaringType)
            levels.Insert(0, level);
        var arguments = type.GetGenericArguments();
        var used = 0;
        var names = new List<string>();
        foreach (var level in levels)
        {
            var total = level.GetGenericArguments().Length;
            var simple = level.Name.Split('`')[0];
            names.Add(total > used ? $"{simple}<{string.Join(",", arguments[used..total].Select(Name))}>" : simple);
            used = total;
        }

        var space = levels[0].Namespace;
        return (string.IsNullOrEmpty(space) ? "" : space + ".") + string.Join(".", names);
    }

    private static IEnumerable<string> Write(Type type) => Members(type).Select(static member => member.Line).Prepend(TypeLine(type));

    private static string PropertyLine(Type type, PropertyInfo property)
    {
        var accessors = Accessors(property).ToList();
        var widest = accessors.Find(static accessor => accessor.IsPublic) ?? accessors[0];
        var index = property.GetIndexParameters();
        var indexed = index.Length == 0 ? "" : $"[{string.Join(", ", index.Select(static parameter => Name(parameter.ParameterType)))}]";
        var kinds = string.Concat(accessors.Select(accessor => accessor == property.GetMethod ? "get;" : "set;"));
        return $"P {Name(type)}.{property.Name}{indexed} -> {Name(property.PropertyType)} | {Modifiers(widest)} {{{kinds}}}";
    }

    private static string FieldLine(Type type, FieldInfo field)
    {
        var modifiers = field.IsPublic ? "public" : "protected";
        if (field.IsLiteral)
            modifiers += " const";
        else
            modifiers += (field.IsStatic ? " static" : "") + (field.IsInitOnly ? " readonly" : "");
        if (type.IsEnum)
            modifiers += " = " + Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture);
        return $"F {Name(type)}.{field.Name} -> {Name(field.FieldType)} | {modifiers}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(static parameter =>
    {
        var prefix = parameter.IsOut ? "out "
            : parameter.ParameterType.IsByRef ? (parameter.IsIn ? "in " : "ref ")
            : parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params "
            : "";
        return $"{prefix}{Name(parameter.ParameterType)} {parameter.Name}{Default(parameter)}";
    }));

    private static string Default(ParameterInfo parameter)
    {
        if (!parameter.HasDefaultValue)
            return "";
        var value = parameter.RawDefaultValue;
        return " = " + (value is null ? "null" : Convert.ToString(value, CultureInfo.InvariantCulture));
    }

    private static string GenericParameters(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(",", method.GetGenericArguments().Select(static argument => argument.Name))}>" : "";

    private static string Modifiers(MethodInfo method)
    {
        var text = Visibility(method);
        if (method.IsStatic)
            return text + " static";
        if (method.IsAbstract)
            return text + " abstract";
        if (!method.IsVirtual)
            return text;
        if (method.GetBaseDefinition() != method)
            return text + " override";
        return method.IsFinal ? text : text + " virtual";
    }

    private static string Visibility(MethodBase method) => method.IsPublic ? "public" : "protected";

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static IEnumerable<MethodInfo> Accessors(PropertyInfo property) =>
        new[] { property.GetMethod, property.SetMethod }.Where(static accessor => accessor is not null && IsVisible(accessor))!;

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static bool IsDelegate(Type type) => typeof(MulticastDelegate).IsAssignableFrom(type) && type != typeof(MulticastDelegate);

    private static string Kind(Type type)
    {
        if (IsDelegate(type))
            return "delegate";
        if (type.IsInterface)
            return "interface";
        if (type.IsEnum)
            return "enum";
        if (type.IsValueType)
            return "struct";
        return type switch
        {
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
    }
}
