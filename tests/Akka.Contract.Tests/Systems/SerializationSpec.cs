using System.Text;
using Akka.Serialization;

namespace Akka.Contract.Tests.Systems;

public sealed class SerializationSpec : ContractSpec
{
    public SerializationSpec()
        : base("""
            akka.actor {
              serializers.fruit = "Akka.Contract.Tests.Systems.SerializationSpec+FruitSerializer, Akka.Contract.Tests"
              serialization-bindings {
                "Akka.Contract.Tests.Systems.SerializationSpec+IFruit, Akka.Contract.Tests" = fruit
              }
              serialization-identifiers {
                "Akka.Contract.Tests.Systems.SerializationSpec+FruitSerializer, Akka.Contract.Tests" = 4711
              }
            }
            """)
    {
    }

    public interface IFruit
    {
    }

    private Akka.Serialization.Serialization Serialization => Sys.Serialization;

    [Theory]
    [InlineData(12)]
    [InlineData(0)]
    public void A_message_must_survive_its_own_serializer_and_manifest(int grams)
    {
        var message = new Apple("Boskoop", grams);

        var serializer = (SerializerWithStringManifest)Serialization.FindSerializerFor(message);
        var bytes = serializer.ToBinary(message);

        Assert.IsType<FruitSerializer>(serializer);
        Assert.Equal(4711, serializer.Identifier);
        Assert.Equal("A", serializer.Manifest(message));
        Assert.Equal("A", Akka.Serialization.Serialization.ManifestFor(serializer, message));
        Assert.Equal(message, Serialization.Deserialize(bytes, serializer.Identifier, "A"));
    }

    [Fact]
    public void A_binding_to_an_interface_must_hold_for_all_that_implement_it()
    {
        Assert.IsType<FruitSerializer>(Serialization.FindSerializerForType(typeof(Pear)));
        Assert.Equal("P", Akka.Serialization.Serialization.ManifestFor(Serialization.FindSerializerFor(new Pear()), new Pear()));
    }

    [Fact]
    public void Bytes_must_be_passed_through()
    {
        var bytes = new byte[] { 1, 2, 3 };
        var serializer = Serialization.FindSerializerFor(bytes);

        Assert.Equal(4, serializer.Identifier);
        Assert.Equal(bytes, serializer.ToBinary(bytes));
        Assert.Equal(bytes, Serialization.Deserialize(bytes, 4, typeof(byte[])));
    }

    [Fact]
    public void Plain_objects_must_survive_the_default_serializer()
    {
        var message = new Plain { Text = "täxt", Numbers = [1, 2, 3], Inner = new Plain { Text = "inner" } };
        var serializer = Serialization.FindSerializerFor(message);

        var copy = (Plain)Serialization.Deserialize(serializer.ToBinary(message), serializer.Identifier, typeof(Plain));

        Assert.Equal(1, serializer.Identifier);
        Assert.Equal("täxt", copy.Text);
        Assert.Equal([1, 2, 3], copy.Numbers);
        Assert.Equal("inner", copy.Inner.Text);
    }

    [Fact]
    public void A_reference_must_survive_as_its_path()
    {
        var path = Akka.Serialization.Serialization.SerializedActorPath(TestActor);

        Assert.Equal(TestActor, ((ExtendedActorSystem)Sys).Provider.ResolveActorRef(path));
    }

    [Fact]
    public void An_unknown_serializer_id_must_be_an_error() =>
        Assert.ThrowsAny<Exception>(() => Serialization.Deserialize([1], 99_999, "A"));

    public sealed record Apple(string Sort, int Grams) : IFruit;

    public sealed record Pear : IFruit;

    public sealed class Plain
    {
        public string Text { get; set; }

        public int[] Numbers { get; set; }

        public Plain Inner { get; set; }
    }

    public sealed class FruitSerializer : SerializerWithStringManifest
    {
        public FruitSerializer(ExtendedActorSystem system)
            : base(system)
        {
        }

        public override string Manifest(object o) => o is Apple ? "A" : "P";

        public override byte[] ToBinary(object obj) => obj is Apple apple ? Encoding.UTF8.GetBytes($"{apple.Grams}:{apple.Sort}") : [];

        public override object FromBinary(byte[] bytes, string manifest)
        {
            if (manifest == "P")
            {
                return new Pear();
            }

            var parts = Encoding.UTF8.GetString(bytes).Split(':');
            return new Apple(parts[1], int.Parse(parts[0]));
        }
    }
}
