#nullable enable annotations
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Serialization;
using Xunit;

namespace Akka.Contract.Tests.Remote;

/// <summary>Messages of the application with a serializer of the application.</summary>
public sealed class RemoteSerializerTests
{
    private const string Binding =
        """
        akka.actor {
          serializers.greeting = "Akka.Contract.Tests.Remote.RemoteSerializerTests+GreetingSerializer, Akka.Contract.Tests"
          serialization-bindings { "Akka.Contract.Tests.Remote.RemoteSerializerTests+Greeting, Akka.Contract.Tests" = greeting }
          serialization-identifiers { "Akka.Contract.Tests.Remote.RemoteSerializerTests+GreetingSerializer, Akka.Contract.Tests" = 4711 }
        }
        """;

    public sealed record Greeting(string Text, IActorRef? From, bool Unreadable = false);

    public sealed class GreetingSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override string Manifest(object o) => ((Greeting)o).Unreadable ? "from-the-future" : "g1";

        public override byte[] ToBinary(object obj)
        {
            var greeting = (Greeting)obj;
            if (greeting.Text == "unwritable")
                throw new SerializationException("cannot be written");
            var from = greeting.From == null ? "" : Akka.Serialization.Serialization.SerializedActorPath(greeting.From);
            return Encoding.UTF8.GetBytes(greeting.Text + "\n" + from);
        }

        public override object FromBinary(byte[] bytes, string manifest)
        {
            if (manifest != "g1")
                throw new SerializationException($"manifest [{manifest}] is not known");
            var parts = Encoding.UTF8.GetString(bytes).Split('\n');
            return new Greeting(parts[0], parts[1].Length == 0 ? null : system.Provider.ResolveActorRef(parts[1]));
        }
    }

    [Fact]
    public async Task A_custom_serializer_carries_text_and_references()
    {
        var a = RemoteNode.Start("custom-a", extra: Binding);
        var b = RemoteNode.Start("custom-b", extra: Binding);
        try
        {
            var (_, received) = Collector.Start(b, "sink");
            var target = await RemoteNode.FindAsync(a, b, "/user/sink");
            var (self, replies) = Collector.Start(a, "self");
            target.Tell(new Greeting("grüß dich", self));
            var greeting = await received.NextAsync<Greeting>();
            Assert.Equal("grüß dich", greeting.Text);
            greeting.From!.Tell("got it");
            Assert.Equal("got it", await replies.NextAsync());
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task What_one_side_cannot_read_or_write_is_dropped_and_the_rest_arrives()
    {
        var a = RemoteNode.Start("drop-a", extra: Binding);
        var b = RemoteNode.Start("drop-b", extra: Binding);
        try
        {
            var (_, received) = Collector.Start(b, "sink");
            var target = await RemoteNode.FindAsync(a, b, "/user/sink");
            target.Tell(new Greeting("one", null));
            target.Tell(new Greeting("unwritable", null));
            target.Tell(new Greeting("unreadable", null, Unreadable: true));
            target.Tell(new Greeting("two", null));
            Assert.Equal("one", (await received.NextAsync<Greeting>()).Text);
            Assert.Equal("two", (await received.NextAsync<Greeting>()).Text);
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_serializer_that_only_the_sender_knows_harms_nobody()
    {
        var a = RemoteNode.Start("modern", extra: Binding);
        var b = RemoteNode.Start("plain");
        try
        {
            var (_, received) = Collector.Start(b, "sink");
            var target = await RemoteNode.FindAsync(a, b, "/user/sink");
            target.Tell(new Greeting("one", null));
            target.Tell("still here");
            Assert.Equal("still here", await received.NextAsync<string>());
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }
}
