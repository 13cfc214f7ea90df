using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Akka.Remote.Transport;

/// <summary>
/// A thread that waits for the data of one connection by itself. Through the sockets' own event loop every packet wakes two threads, that one and one of the
/// pool, and waking a thread takes longer than all the work on a small message.
/// </summary>
internal static partial class SocketReader
{
    // A node of a cluster has few neighbours. Beyond that threads cost more than they save.
    private const int MostThreads = 32;
    private const short PollIn = 1;
    private const int Interrupted = 4;
    private const int TryAgain = 11;

    private static int _threads;

    /// <summary>Runs what waits for a socket on a thread of its own. False where that cannot be: another system, or enough threads already.</summary>
    public static bool TryStart(string name, Action wait)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        if (Interlocked.Increment(ref _threads) > MostThreads)
        {
            Interlocked.Decrement(ref _threads);
            return false;
        }

        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
        return true;

        void Run()
        {
            try
            {
                wait();
            }
            finally
            {
                Interlocked.Decrement(ref _threads);
            }
        }
    }

    /// <summary>
    /// Connects without the sockets' event loop: a socket that has once waited there is told of all its packets for good. Null where it cannot be done.
    /// </summary>
    public static Task? ConnectAsync(Socket socket, EndPoint remote, CancellationToken cancellation) =>
        TryRun(() =>
        {
            // Closing it is the only way to end a connect that blocks.
            using var registration = cancellation.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket);
            socket.Connect(remote);
            return true;
        }, cancellation);

    /// <summary>Fills the buffer, unless the connection ends before. Null where it cannot be done.</summary>
    public static Task<int>? ReceiveExactlyAsync(Socket socket, Memory<byte> into, CancellationToken cancellation) =>
        TryRun(() =>
        {
            using var registration = cancellation.UnsafeRegister(static s => ((Socket)s!).Shutdown(SocketShutdown.Both), socket);
            var filled = 0;
            while (filled < into.Length && Receive(socket, into.Span[filled..]) is var received and > 0)
                filled += received;
            return filled;
        }, cancellation);

    private static Task<T>? TryRun<T>(Func<T> wait, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        return TryStart("akka.remote-handshake", () =>
        {
            try
            {
                var result = wait();
                cancellation.ThrowIfCancellationRequested();
                done.SetResult(result);
            }
            catch (Exception e)
            {
                if (cancellation.IsCancellationRequested)
                    done.SetCanceled(cancellation);
                else
                    done.SetException(e);
            }
        }) ? done.Task : null;
    }

    /// <summary>Waits for data and answers how many bytes of it there are; 0 at the end of the connection.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="into">Where the data goes.</param>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">It was closed here.</exception>
    public static int Receive(Socket socket, Span<byte> into)
    {
        var handle = socket.SafeHandle;
        var counted = false;
        try
        {
            // The descriptor must not be given to another connection while this thread waits on it.
            handle.DangerousAddRef(ref counted);
            var descriptor = (int)handle.DangerousGetHandle();
            while (true)
            {
                var received = Receive(descriptor, ref MemoryMarshal.GetReference(into), into.Length, 0);
                if (received >= 0)
                    return (int)received;
                var error = Marshal.GetLastSystemError();

                // The sockets of .NET make one of theirs non-blocking when something that they do on it has to wait.
                if (error == TryAgain)
                    Wait(descriptor);
                else if (error != Interrupted)
                    throw new SocketException((int)SocketError.ConnectionReset, "Receiving failed: " + Marshal.GetPInvokeErrorMessage(error) + ".");
            }
        }
        finally
        {
            if (counted)
                handle.DangerousRelease();
        }
    }

    private static void Wait(int descriptor)
    {
        var wanted = new PollDescriptor { Descriptor = descriptor, Events = PollIn };

        // Woken by an error or the end as well; the next attempt to receive tells which. An interruption is just another attempt.
        _ = Poll(ref wanted, 1, -1);
    }

    // Without SetLastError, which asks for the error of every call; this asks when there is one.
    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(int descriptor, ref byte buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
