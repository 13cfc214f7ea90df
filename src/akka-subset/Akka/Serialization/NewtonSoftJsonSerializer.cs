using System.Globalization;
using System.Reflection;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Util;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using Newtonsoft.Json.Serialization;

namespace Akka.Serialization;

/// <summary>
/// JSON with type names, for whatever has no serializer of its own. Actor references and other <see cref="ISurrogated"/>
/// objects travel as their surrogates.
/// </summary>
public class NewtonSoftJsonSerializer : Serializer
{
    public NewtonSoftJsonSerializer(ExtendedActorSystem system)
        : this(system, NewtonSoftJsonSerializerSettings.Default)
    {
    }

    public NewtonSoftJsonSerializer(ExtendedActorSystem system, Config config)
        : this(system, NewtonSoftJsonSerializerSettings.Create(config))
    {
    }

    public NewtonSoftJsonSerializer(ExtendedActorSystem system, NewtonSoftJsonSerializerSettings settings)
        : base(system)
    {
        Settings = new JsonSerializerSettings
        {
            PreserveReferencesHandling = settings.PreserveObjectReferences ? PreserveReferencesHandling.Objects : PreserveReferencesHandling.None,
            ObjectCreationHandling = ObjectCreationHandling.Replace,
            ConstructorHandling = ConstructorHandling.AllowNonPublicDefaultConstructor,
            TypeNameHandling = settings.EncodeTypeNames ? TypeNameHandling.All : TypeNameHandling.None,
            SerializationBinder = new JsonTypeBinder(),
            ContractResolver = new ContractResolver(new ObjectConverter(this)),
            Culture = CultureInfo.InvariantCulture,
        };
        foreach (var converter in settings.Converters)
            Settings.Converters.Add(CreateConverter(converter));
        Settings.Converters.Add(new SurrogateConverter(this));
        Serializer = JsonSerializer.Create(Settings);
    }

    public JsonSerializerSettings Settings { get; }

    public object Serializer { get; }

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        // A serializer numbers the objects it has seen, so threads cannot share one; its contracts are shared anyway.
        using var buffer = new MemoryStream(256);
        using (var writer = new StreamWriter(buffer, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true))
        using (var json = new JsonTextWriter(writer))
            JsonSerializer.Create(Settings).Serialize(json, ObjectConverter.MarkOf(obj) is { } marked ? new JObject { ["$"] = marked } : obj);
        return buffer.ToArray();
    }

    public override object FromBinary(byte[] bytes, Type type)
    {
        using var reader = new JsonTextReader(new StreamReader(new MemoryStream(bytes, writable: false), Encoding.UTF8));
        return Translate(JsonSerializer.Create(Settings).Deserialize(reader), type);
    }

    private JsonConverter CreateConverter(Type type) => (JsonConverter)(type.GetConstructor([typeof(ExtendedActorSystem)]) is not null
        ? Activator.CreateInstance(type, system)
        : Activator.CreateInstance(type));

    /// <summary>Surrogates become what they stand for, and marked numbers get their width back.</summary>
    private object Translate(object value, Type type)
    {
        switch (value)
        {
            case ISurrogate surrogate:
                return surrogate.FromSurrogate(system);
            case JObject fields when fields["$"] is JValue { Value: string number }:
                return ObjectConverter.Number(number);
            case JObject fields when type is not null && type != typeof(object):
                return fields.ToObject(type, JsonSerializer.Create(Settings));
            default:
                return value;
        }
    }

    /// <summary>
    /// Also sets properties that only the class itself can set. JSON has one kind of number: where the declared type is
    /// object, a mark must tell which one it was.
    /// </summary>
    private sealed class ContractResolver(JsonConverter forObjects) : DefaultContractResolver
    {
        protected override JsonProperty CreateProperty(MemberInfo member, MemberSerialization memberSerialization)
        {
            var property = base.CreateProperty(member, memberSerialization);
            if (!property.Writable && member is PropertyInfo { SetMethod: not null })
                property.Writable = true;
            if (property.PropertyType == typeof(object))
                property.Converter ??= forObjects;
            return property;
        }

        protected override JsonArrayContract CreateArrayContract(Type objectType)
        {
            var contract = base.CreateArrayContract(objectType);
            if (contract.CollectionItemType == typeof(object))
                contract.ItemConverter ??= forObjects;
            return contract;
        }

        protected override JsonDictionaryContract CreateDictionaryContract(Type objectType)
        {
            var contract = base.CreateDictionaryContract(objectType);
            if (contract.DictionaryValueType == typeof(object))
                contract.ItemConverter ??= forObjects;
            return contract;
        }
    }

    /// <summary>For members and items that are declared as object.</summary>
    private sealed class ObjectConverter(NewtonSoftJsonSerializer parent) : JsonConverter
    {
        public override bool CanConvert(Type objectType) => objectType == typeof(object);

        public override void WriteJson(JsonWriter writer, object value, JsonSerializer serializer)
        {
            if (MarkOf(value) is not { } marked)
            {
                serializer.Serialize(writer, value, typeof(object));
                return;
            }

            writer.WriteStartObject();
            writer.WritePropertyName("$");
            writer.WriteValue(marked);
            writer.WriteEndObject();
        }

        public override object ReadJson(JsonReader reader, Type objectType, object existingValue, JsonSerializer serializer) =>
            parent.Translate(serializer.Deserialize(reader), typeof(object));

        public static string MarkOf(object value) => value switch
        {
            int number => "I" + number.ToString(CultureInfo.InvariantCulture),
            float number => "F" + number.ToString("R", CultureInfo.InvariantCulture),
            decimal number => "M" + number.ToString(CultureInfo.InvariantCulture),
            _ => null,
        };

        public static object Number(string marked) => marked[0] switch
        {
            'I' => int.Parse(marked.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            'F' => float.Parse(marked.AsSpan(1), NumberStyles.Float, CultureInfo.InvariantCulture),
            'M' => decimal.Parse(marked.AsSpan(1), NumberStyles.Number, CultureInfo.InvariantCulture),
            _ => throw new JsonSerializationException($"[{marked}] is not a marked number."),
        };
    }

    private sealed class SurrogateConverter(NewtonSoftJsonSerializer parent) : JsonConverter
    {
        public override bool CanConvert(Type objectType) => typeof(ISurrogated).IsAssignableFrom(objectType);

        public override void WriteJson(JsonWriter writer, object value, JsonSerializer serializer) =>
            serializer.Serialize(writer, ((ISurrogated)value).ToSurrogate(parent.system), typeof(object));

        public override object ReadJson(JsonReader reader, Type objectType, object existingValue, JsonSerializer serializer) =>
            reader.TokenType == JsonToken.Null ? null : parent.Translate(serializer.Deserialize(reader), objectType);
    }
}
