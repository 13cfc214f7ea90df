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
    private readonly JsonSerializer _serializer;

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
            ContractResolver = new PrivateSetterResolver(),
            Culture = CultureInfo.InvariantCulture,
        };
        foreach (var converter in settings.Converters)
            Settings.Converters.Add(CreateConverter(converter));
        Settings.Converters.Add(new SurrogateConverter(this));
        _serializer = JsonSerializer.Create(Settings);
        _serializer.Formatting = Formatting.None;
    }

    public JsonSerializerSettings Settings { get; }

    public object Serializer => _serializer;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        using var buffer = new MemoryStream(256);
        using (var writer = new StreamWriter(buffer, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true))
        using (var json = new JsonTextWriter(writer))
            _serializer.Serialize(json, obj);
        return buffer.ToArray();
    }

    public override object FromBinary(byte[] bytes, Type type)
    {
        using var reader = new JsonTextReader(new StreamReader(new MemoryStream(bytes, writable: false), Encoding.UTF8));
        return Translate(_serializer.Deserialize(reader), type);
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
                return SurrogateConverter.Number(number);
            case JObject fields when type is not null && type != typeof(object):
                return fields.ToObject(type, _serializer);
            default:
                return value;
        }
    }

    /// <summary>Also sets properties that only the class itself can set.</summary>
    private sealed class PrivateSetterResolver : DefaultContractResolver
    {
        protected override JsonProperty CreateProperty(MemberInfo member, MemberSerialization memberSerialization)
        {
            var property = base.CreateProperty(member, memberSerialization);
            if (!property.Writable && member is PropertyInfo { SetMethod: not null })
                property.Writable = true;
            return property;
        }
    }

    /// <summary>JSON has one kind of number; where the declared type does not tell which one it was, a mark must.</summary>
    private sealed class SurrogateConverter(NewtonSoftJsonSerializer parent) : JsonConverter
    {
        public override bool CanConvert(Type objectType)
        {
            var type = Nullable.GetUnderlyingType(objectType) ?? objectType;
            return type == typeof(int) || type == typeof(float) || type == typeof(decimal) || type == typeof(object)
                || typeof(ISurrogated).IsAssignableFrom(type);
        }

        public override void WriteJson(JsonWriter writer, object value, JsonSerializer serializer)
        {
            switch (value)
            {
                case int number:
                    WriteNumber(writer, "I" + number.ToString(CultureInfo.InvariantCulture));
                    break;
                case float number:
                    WriteNumber(writer, "F" + number.ToString("R", CultureInfo.InvariantCulture));
                    break;
                case decimal number:
                    WriteNumber(writer, "M" + number.ToString(CultureInfo.InvariantCulture));
                    break;
                case ISurrogated surrogated:
                    serializer.Serialize(writer, surrogated.ToSurrogate(parent.system));
                    break;
                default:
                    writer.WriteStartObject();
                    writer.WriteEndObject();
                    break;
            }
        }

        public override object ReadJson(JsonReader reader, Type objectType, object existingValue, JsonSerializer serializer)
        {
            if (reader.TokenType == JsonToken.Null)
                return null;
            var type = Nullable.GetUnderlyingType(objectType) ?? objectType;
            var value = parent.Translate(serializer.Deserialize(reader), type);
            return type.IsPrimitive || type == typeof(decimal)
                ? Convert.ChangeType(value, type, CultureInfo.InvariantCulture)
                : value;
        }

        public static object Number(string marked) => marked[0] switch
        {
            'I' => int.Parse(marked.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            'F' => float.Parse(marked.AsSpan(1), NumberStyles.Float, CultureInfo.InvariantCulture),
            'M' => decimal.Parse(marked.AsSpan(1), NumberStyles.Number, CultureInfo.InvariantCulture),
            _ => throw new JsonSerializationException($"[{marked}] is not a marked number."),
        };

        private static void WriteNumber(JsonWriter writer, string marked)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("$");
            writer.WriteValue(marked);
            writer.WriteEndObject();
        }
    }
}
