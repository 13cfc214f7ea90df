using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Journal.Tests;

/// <summary>Where the bytes of an event come from: from the serializer's array, or from a part of one when it offers that.</summary>
public sealed class PayloadSpec
{
    [Fact]
    public async Task Bytes_must_come_from_ToMemory_where_a_serializer_has_it_and_from_ToBinary_otherwise()
    {
        ActorSystem system = ActorSystem.Create("payloads", ConfigurationFactory.ParseString("akka.loglevel = OFF"));
        try
        {
            PayloadBytes bytes = new((ExtendedActorSystem)system);
            WithMemory with = new((ExtendedActorSystem)system);
            Assert.Equal("emor"u8.ToArray(), bytes.Of(with, "x").ToArray());
            Assert.True(bytes.Of(with, "x").Span.Overlaps(with.Memory));
            Assert.Equal("binary"u8.ToArray(), bytes.Of(new Plain((ExtendedActorSystem)system), "x").ToArray());
            Assert.Equal("binary"u8.ToArray(), bytes.Of(new OfAnotherType((ExtendedActorSystem)system), "x").ToArray());
        }
        finally
        {
            await system.Terminate();
        }
    }

    private class Plain(ExtendedActorSystem system) : Serializer(system)
    {
        public override int Identifier => 77;

        public override bool IncludeManifest => false;

        public override byte[] ToBinary(object obj) => "binary"u8.ToArray();

        public override object FromBinary(byte[] bytes, Type type) => throw new NotSupportedException();
    }

    private sealed class WithMemory(ExtendedActorSystem system) : Plain(system)
    {
        public byte[] Memory { get; } = "memory"u8.ToArray();

        public ReadOnlyMemory<byte> ToMemory(object obj) => Memory.AsMemory(1, 4);
    }

    private sealed class OfAnotherType(ExtendedActorSystem system) : Plain(system)
    {
        public string ToMemory(object obj) => obj.ToString()!;
    }
}
