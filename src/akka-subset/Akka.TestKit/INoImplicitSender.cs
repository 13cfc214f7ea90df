namespace Akka.TestKit;

/// <summary>A test class that does not want its test actor to be the sender of messages sent from test code.</summary>
public interface INoImplicitSender
{
}
