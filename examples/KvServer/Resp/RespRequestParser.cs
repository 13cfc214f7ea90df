using System.Buffers;

namespace KvServer.Resp;

/// <summary>What <see cref="RespRequestParser.Parse"/> came to.</summary>
internal enum RespParse
{
    /// <summary>All input is used up and the request is not complete.</summary>
    NeedMore,

    /// <summary>A request is complete. It may have no arguments at all: an empty line, which is not answered.</summary>
    Request,

    /// <summary>The input is not the protocol; <see cref="RespRequestParser.ErrorText"/> says what is wrong.</summary>
    Error,
}

/// <summary>
/// Takes requests apart as their bytes arrive: arrays of bulk strings, and lines of words. Feeding it byte by byte or all at once
/// gives the same requests. What it holds grows with what has arrived, not with what was announced.
/// </summary>
internal sealed class RespRequestParser(RespLimits limits)
{
    private const int KeptArena = 64 * 1024;

    private readonly List<int> _ends = [];
    private ArrayBufferWriter<byte> _arena = new(1024);
    private State _state;
    private int _first;
    private bool _started;
    private bool _negative;
    private int _digits;
    private long _number;
    private int _argumentsLeft;
    private long _bytesLeft;
    private long _announced;
    private bool _skipping;

    private enum State
    {
        Start,
        Inline,
        ArrayLength,
        ArrayLengthEnd,
        BulkMark,
        BulkLength,
        BulkLengthEnd,
        Bulk,
        BulkEnd1,
        BulkEnd2,
    }

    /// <summary>Arguments of the request, the command's name among them.</summary>
    public int Count => _ends.Count - _first;

    /// <summary>Greater than 0: an argument or the whole request was too large. It was read past; this is its size.</summary>
    public long Oversize { get; private set; }

    /// <summary>The limit that <see cref="Oversize"/> exceeds.</summary>
    public long OversizeLimit { get; private set; }

    /// <summary>True when the request as a whole was too large, not one argument.</summary>
    public bool OversizeIsTotal { get; private set; }

    /// <summary>What is wrong with the input.</summary>
    public string ErrorText { get; private set; } = "";

    /// <summary>True between requests.</summary>
    public bool IsIdle => _state == State.Start;

    /// <summary>An argument; valid until the next call of <see cref="Parse"/>.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            int at = _first + index;
            int start = at == 0 ? 0 : _ends[at - 1];
            return _arena.WrittenSpan[start.._ends[at]];
        }
    }

    /// <summary>What is left of the request without its first arguments is a request of its own.</summary>
    public void Skip(int arguments) => _first += arguments;

    /// <summary>Takes input until one request is complete.</summary>
    public RespParse Parse(ReadOnlySpan<byte> input, out int consumed)
    {
        if (!_started)
        {
            Begin();
        }

        int at = 0;
        RespParse result = RespParse.NeedMore;
        while (at < input.Length && result == RespParse.NeedMore)
        {
            result = _state switch
            {
                State.Bulk => TakeBulk(input, ref at),
                State.Inline => TakeInline(input, ref at),
                _ => Take(input[at++]),
            };
        }

        consumed = at;
        if (result == RespParse.Request)
        {
            _started = false;
            _state = State.Start;
        }

        return result;
    }

    private void Begin()
    {
        _started = true;
        _ends.Clear();
        _first = 0;
        if (_arena.Capacity > KeptArena)
        {
            _arena = new ArrayBufferWriter<byte>(1024); // One large request must not be paid for as long as the connection lives.
        }
        else
        {
            _arena.ResetWrittenCount();
        }

        Oversize = 0;
        OversizeLimit = 0;
        OversizeIsTotal = false;
        _announced = 0;
    }

    private RespParse Take(byte b)
    {
        switch (_state)
        {
            case State.Start:
                if (b == (byte)'*')
                {
                    BeginNumber(State.ArrayLength);
                    return RespParse.NeedMore;
                }

                _state = State.Inline;
                int at = 0;
                return TakeInline([b], ref at);
            case State.ArrayLength:
                return TakeNumber(b, State.ArrayLengthEnd, "invalid multibulk length");
            case State.ArrayLengthEnd:
                return b == (byte)'\n' ? EndArrayLength() : Fail("invalid multibulk length");
            case State.BulkMark:
                if (b != (byte)'$')
                {
                    return Fail($"expected '$', got {Show(b)}");
                }

                BeginNumber(State.BulkLength);
                return RespParse.NeedMore;
            case State.BulkLength:
                return TakeNumber(b, State.BulkLengthEnd, "invalid bulk length");
            case State.BulkLengthEnd:
                return b == (byte)'\n' ? EndBulkLength() : Fail("invalid bulk length");
            case State.BulkEnd1:
                _state = State.BulkEnd2;
                return b == (byte)'\r' ? RespParse.NeedMore : Fail("bulk string is not followed by CRLF");
            default:
                return b == (byte)'\n' ? EndBulk() : Fail("bulk string is not followed by CRLF");
        }
    }

    private void BeginNumber(State state)
    {
        _state = state;
        _number = 0;
        _digits = 0;
        _negative = false;
    }

    private RespParse TakeNumber(byte b, State next, string problem)
    {
        if (b == (byte)'-' && _digits == 0 && !_negative)
        {
            _negative = true;
        }
        else if (b is >= (byte)'0' and <= (byte)'9' && _digits < 12)
        {
            _number = (_number * 10) + (b - (byte)'0');
            _digits++;
        }
        else if (b == (byte)'\r' && _digits > 0)
        {
            _number = _negative ? -_number : _number;
            _state = next;
        }
        else
        {
            return Fail(problem);
        }

        return RespParse.NeedMore;
    }

    private RespParse EndArrayLength()
    {
        if (_number > limits.MaxArguments)
        {
            return Fail($"invalid multibulk length: {_number}, at most {limits.MaxArguments}");
        }

        if (_number <= 0)
        {
            return RespParse.Request;
        }

        _argumentsLeft = (int)_number;
        _state = State.BulkMark;
        return RespParse.NeedMore;
    }

    private RespParse EndBulkLength()
    {
        if (_number is < 0 or > RespLimits.MaxAnnounced)
        {
            return Fail($"invalid bulk length: {_number}, at most {RespLimits.MaxAnnounced}");
        }

        _announced += _number;
        if (_number > limits.MaxArgument && (Oversize == 0 || OversizeIsTotal))
        {
            (Oversize, OversizeLimit, OversizeIsTotal) = (_number, limits.MaxArgument, false);
        }
        else if (_announced > limits.MaxRequest && (Oversize == 0 || OversizeIsTotal))
        {
            (Oversize, OversizeLimit, OversizeIsTotal) = (_announced, limits.MaxRequest, true);
        }

        _skipping = Oversize > 0;
        _bytesLeft = _number;
        _state = _bytesLeft == 0 ? State.BulkEnd1 : State.Bulk;
        return RespParse.NeedMore;
    }

    private RespParse TakeBulk(ReadOnlySpan<byte> input, ref int at)
    {
        int take = (int)Math.Min(_bytesLeft, input.Length - at);
        if (!_skipping)
        {
            _arena.Write(input.Slice(at, take));
        }

        at += take;
        _bytesLeft -= take;
        if (_bytesLeft == 0)
        {
            _state = State.BulkEnd1;
        }

        return RespParse.NeedMore;
    }

    private RespParse EndBulk()
    {
        _ends.Add(_arena.WrittenCount);
        _state = State.BulkMark;
        return --_argumentsLeft == 0 ? RespParse.Request : RespParse.NeedMore;
    }

    private RespParse TakeInline(ReadOnlySpan<byte> input, ref int at)
    {
        ReadOnlySpan<byte> rest = input[at..];
        int end = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> part = end < 0 ? rest : rest[..end];
        if (_arena.WrittenCount + part.Length > limits.MaxInline)
        {
            return Fail($"too big inline request, at most {limits.MaxInline} bytes");
        }

        // Noise is told from words at once, not when a line feed comes by.
        foreach (byte b in part)
        {
            if (b is < 0x20 and not ((byte)'\t' or (byte)'\r') or 0x7F)
            {
                return Fail($"unexpected byte {Show(b)} in a line of words");
            }
        }

        _arena.Write(part);
        at += end < 0 ? rest.Length : end + 1;
        return end < 0 ? RespParse.NeedMore : EndInline();
    }

    private RespParse EndInline()
    {
        ReadOnlySpan<byte> line = _arena.WrittenSpan;
        if (!line.IsEmpty && line[^1] == (byte)'\r')
        {
            line = line[..^1];
        }

        if (line.Contains((byte)'\r'))
        {
            return Fail($"unexpected byte {Show((byte)'\r')} in a line of words");
        }

        byte[] words = line.ToArray();
        _arena.ResetWrittenCount();
        return InlineWords.TrySplit(words, _arena, _ends) ? RespParse.Request : Fail("unbalanced quotes in request");
    }

    private RespParse Fail(string problem)
    {
        ErrorText = "Protocol error: " + problem;
        return RespParse.Error;
    }

    private static string Show(byte b) => b is >= 0x21 and < 0x7F ? $"'{(char)b}'" : $"0x{b:X2}";
}
