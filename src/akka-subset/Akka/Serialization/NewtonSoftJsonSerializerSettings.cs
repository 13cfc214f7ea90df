using Akka.Configuration;

namespace Akka.Serialization;

/// <summary>akka.actor.serialization-settings.json</summary>
public sealed class NewtonSoftJsonSerializerSettings
{
    public static readonly NewtonSoftJsonSerializerSettings Default = new(
        encodeTypeNames: true,
        preserveObjectReferences: true,
        converters: [],
        usePooledStringBuilder: true,
        stringBuilderMinSize: 2048,
        stringBuilderMaxSize: 32768);

    public NewtonSoftJsonSerializerSettings(
        bool encodeTypeNames,
        bool preserveObjectReferences,
        IEnumerable<Type> converters,
        bool usePooledStringBuilder,
        int stringBuilderMinSize,
        int stringBuilderMaxSize)
    {
        EncodeTypeNames = encodeTypeNames;
        PreserveObjectReferences = preserveObjectReferences;
        Converters = converters ?? throw new ArgumentNullException(nameof(converters));
        UsePooledStringBuilder = usePooledStringBuilder;
        StringBuilderMinSize = stringBuilderMinSize;
        StringBuilderMaxSize = stringBuilderMaxSize;
    }

    public bool EncodeTypeNames { get; }

    public bool PreserveObjectReferences { get; }

    public IEnumerable<Type> Converters { get; }

    public bool UsePooledStringBuilder { get; }

    public int StringBuilderMinSize { get; }

    public int StringBuilderMaxSize { get; }

    public static NewtonSoftJsonSerializerSettings Create(Config config)
    {
        if (config.IsNullOrEmpty())
            throw ConfigurationException.NullOrEmptyConfig<NewtonSoftJsonSerializerSettings>();
        return new NewtonSoftJsonSerializerSettings(
            config.GetBoolean("encode-type-names", true),
            config.GetBoolean("preserve-object-references", true),
            config.GetStringList("converters").Select(static name => Type.GetType(name, throwOnError: true)).ToList(),
            config.GetBoolean("use-pooled-string-builder", true),
            config.GetInt("pooled-string-builder-minsize", 2048),
            config.GetInt("pooled-string-builder-maxsize", 32768));
    }
}
