using Akka.Actor;

namespace Akka.Remote.Transport;

/// <summary>The first frame each way: who I am (system, address, incarnation), and whom I want.</summary>
internal static class Handshake
{
    internal readonly record struct Hello(int Version, int Uid, string Origin, string Target);

    internal readonly record struct Reply(HelloCode Code, int Uid, string Text);

    public static void WriteHello(SendBuffer output, int uid, Address origin, Address target)
    {
        var start = output.BeginFrame(FrameType.Hello);
        output.Bytes(Wire.Magic);
        output.UInt16(Wire.Version);
        output.Int32(uid);
        output.String(origin.ToString());
        output.String(target.ToString());
        output.EndFrame(start);
    }

    public static Hello ReadHello((FrameType Type, byte[] Body) frame)
    {
        if (frame.Type != FrameType.Hello)
            throw new WireException("The first frame is of type " + (byte)frame.Type + ", and not a greeting.");
        var reader = new FrameReader(frame.Body);
        var version = reader.UInt16();
        // Another version may have other fields; only its number is certain.
        return version == Wire.Version
            ? new Hello(version, reader.Int32(), reader.String(), reader.String())
            : new Hello(version, 0, "", "");
    }

    public static void WriteReply(SendBuffer output, HelloCode code, int uid, string text)
    {
        var start = output.BeginFrame(FrameType.HelloReply);
        output.Bytes(Wire.Magic);
        output.UInt16(Wire.Version);
        output.Byte((byte)code);
        output.Int32(uid);
        output.String(text.Length > 500 ? text[..500] : text);
        output.EndFrame(start);
    }

    public static Reply ReadReply((FrameType Type, byte[] Body) frame)
    {
        if (frame.Type != FrameType.HelloReply)
            throw new WireException("The answer to the greeting is a frame of type " + (byte)frame.Type + ".");
        var reader = new FrameReader(frame.Body);
        var version = reader.UInt16();
        if (version != Wire.Version)
            throw new WireException("The peer speaks protocol version " + version + "; this system speaks " + Wire.Version + ".");
        return new Reply((HelloCode)reader.Byte(), reader.Int32(), reader.String());
    }
}
