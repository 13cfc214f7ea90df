namespace Akka.Util;

public static class ThreadLocalRandom
{
    /// <summary>A source of randomness that any thread may use.</summary>
    public static Random Current => Random.Shared;
}
