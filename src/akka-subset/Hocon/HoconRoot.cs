namespace Hocon;

/// <summary>A document. A getter without a default fails for a path that is missing; with one it answers with the default.</summary>
public class HoconRoot
{
    protected HoconValue _internalValue;

    public HoconRoot(HoconValue value)
    {
        _internalValue = value;
    }

    protected HoconRoot()
    {
    }

    public virtual HoconValue Value
    {
        get => _internalValue;
        set => _internalValue = value;
    }

    public virtual HoconValue GetValue(string path) => GetValue(HoconPath.Parse(path));

    public virtual HoconValue GetValue(HoconPath path) => TryGetValue(path, out var found)
        ? found
        : throw new HoconValueException($"There is no value at [{path}].", path.Value, new KeyNotFoundException(path.Value));

    public virtual bool TryGetValue(string path, out HoconValue result) => TryGetValue(HoconPath.Parse(path), out result);

    public virtual bool TryGetValue(HoconPath path, out HoconValue result)
    {
        result = null;
        return Value.Type == HoconType.Object && Value.GetObject().TryGetValue(path, out result);
    }

    public virtual bool HasPath(string path) => HasPath(HoconPath.Parse(path));

    public virtual bool HasPath(HoconPath path) => TryGetValue(path, out var found) && found is not [HoconNull];

    public virtual IEnumerable<KeyValuePair<string, HoconField>> AsEnumerable() => Value.GetObject();

    public string PrettyPrint(int indentSize) => Value.ToString(1, indentSize);

    public override string ToString() => Value.ToString();

    public virtual string GetString(string path) => GetString(HoconPath.Parse(path));

    public virtual string GetString(string path, string @default) => GetString(HoconPath.Parse(path), @default);

    public virtual string GetString(HoconPath path) => Read(path, static value => value.GetString());

    public virtual string GetString(HoconPath path, string @default) => Read(path, @default, static value => value.GetString());

    public virtual bool GetBoolean(string path) => GetBoolean(HoconPath.Parse(path));

    public virtual bool GetBoolean(string path, bool @default) => GetBoolean(HoconPath.Parse(path), @default);

    public virtual bool GetBoolean(HoconPath path) => Read(path, static value => value.GetBoolean());

    public virtual bool GetBoolean(HoconPath path, bool @default) => Read(path, @default, static value => value.GetBoolean());

    public virtual int GetInt(string path) => GetInt(HoconPath.Parse(path));

    public virtual int GetInt(string path, int @default) => GetInt(HoconPath.Parse(path), @default);

    public virtual int GetInt(HoconPath path) => Read(path, static value => value.GetInt());

    public virtual int GetInt(HoconPath path, int @default) => Read(path, @default, static value => value.GetInt());

    public virtual long GetLong(string path) => GetLong(HoconPath.Parse(path));

    public virtual long GetLong(string path, long @default) => GetLong(HoconPath.Parse(path), @default);

    public virtual long GetLong(HoconPath path) => Read(path, static value => value.GetLong());

    public virtual long GetLong(HoconPath path, long @default = 0) => Read(path, @default, static value => value.GetLong());

    public virtual byte GetByte(string path) => GetByte(HoconPath.Parse(path));

    public virtual byte GetByte(string path, byte @default) => GetByte(HoconPath.Parse(path), @default);

    public virtual byte GetByte(HoconPath path) => Read(path, static value => value.GetByte());

    public virtual byte GetByte(HoconPath path, byte @default = 0) => Read(path, @default, static value => value.GetByte());

    public virtual float GetFloat(string path) => GetFloat(HoconPath.Parse(path));

    public virtual float GetFloat(string path, float @default) => GetFloat(HoconPath.Parse(path), @default);

    public virtual float GetFloat(HoconPath path) => Read(path, static value => value.GetFloat());

    public virtual float GetFloat(HoconPath path, float @default = 0) => Read(path, @default, static value => value.GetFloat());

    public virtual double GetDouble(string path) => GetDouble(HoconPath.Parse(path));

    public virtual double GetDouble(string path, double @default) => GetDouble(HoconPath.Parse(path), @default);

    public virtual double GetDouble(HoconPath path) => Read(path, static value => value.GetDouble());

    public virtual double GetDouble(HoconPath path, double @default) => Read(path, @default, static value => value.GetDouble());

    public virtual decimal GetDecimal(string path) => GetDecimal(HoconPath.Parse(path));

    public virtual decimal GetDecimal(string path, decimal @default) => GetDecimal(HoconPath.Parse(path), @default);

    public virtual decimal GetDecimal(HoconPath path) => Read(path, static value => value.GetDecimal());

    public virtual decimal GetDecimal(HoconPath path, decimal @default) => Read(path, @default, static value => value.GetDecimal());

    public virtual long? GetByteSize(string path) => GetByteSize(HoconPath.Parse(path));

    public virtual long? GetByteSize(string path, long? @default) => GetByteSize(HoconPath.Parse(path), @default);

    public virtual long? GetByteSize(HoconPath path) => Read(path, static value => value.GetByteSize());

    public virtual long? GetByteSize(HoconPath path, long? @default) => Read(path, @default, static value => value.GetByteSize());

    public virtual HoconObject GetObject(string path) => GetObject(HoconPath.Parse(path));

    public virtual HoconObject GetObject(string path, HoconObject @default) => GetObject(HoconPath.Parse(path), @default);

    public virtual HoconObject GetObject(HoconPath path) => Read(path, static value => value.GetObject());

    public virtual HoconObject GetObject(HoconPath path, HoconObject @default = null) => Read(path, @default, static value => value.GetObject());

    public virtual IList<string> GetStringList(string path) => GetStringList(HoconPath.Parse(path));

    public virtual IList<string> GetStringList(string path, IList<string> @default) => GetStringList(HoconPath.Parse(path), @default);

    public virtual IList<string> GetStringList(HoconPath path) => Read(path, static value => value.GetStringList());

    public virtual IList<string> GetStringList(HoconPath path, IList<string> @default) => Read(path, @default, static value => value.GetStringList());

    public virtual IList<bool> GetBooleanList(string path) => GetBooleanList(HoconPath.Parse(path));

    public virtual IList<bool> GetBooleanList(string path, IList<bool> @default) => GetBooleanList(HoconPath.Parse(path), @default);

    public virtual IList<bool> GetBooleanList(HoconPath path) => Read(path, static value => value.GetBooleanList());

    public virtual IList<bool> GetBooleanList(HoconPath path, IList<bool> @default) => Read(path, @default, static value => value.GetBooleanList());

    public virtual IList<int> GetIntList(string path) => GetIntList(HoconPath.Parse(path));

    public virtual IList<int> GetIntList(string path, IList<int> @default) => GetIntList(HoconPath.Parse(path), @default);

    public virtual IList<int> GetIntList(HoconPath path) => Read(path, static value => value.GetIntList());

    public virtual IList<int> GetIntList(HoconPath path, IList<int> @default) => Read(path, @default, static value => value.GetIntList());

    public virtual IList<long> GetLongList(string path) => GetLongList(HoconPath.Parse(path));

    public virtual IList<long> GetLongList(string path, IList<long> @default) => GetLongList(HoconPath.Parse(path), @default);

    public virtual IList<long> GetLongList(HoconPath path) => Read(path, static value => value.GetLongList());

    public virtual IList<long> GetLongList(HoconPath path, IList<long> @default) => Read(path, @default, static value => value.GetLongList());

    public virtual IList<byte> GetByteList(string path) => GetByteList(HoconPath.Parse(path));

    public virtual IList<byte> GetByteList(string path, IList<byte> @default) => GetByteList(HoconPath.Parse(path), @default);

    public virtual IList<byte> GetByteList(HoconPath path) => Read(path, static value => value.GetByteList());

    public virtual IList<byte> GetByteList(HoconPath path, IList<byte> @default) => Read(path, @default, static value => value.GetByteList());

    public virtual IList<float> GetFloatList(string path) => GetFloatList(HoconPath.Parse(path));

    public virtual IList<float> GetFloatList(string path, IList<float> @default) => GetFloatList(HoconPath.Parse(path), @default);

    public virtual IList<float> GetFloatList(HoconPath path) => Read(path, static value => value.GetFloatList());

    public virtual IList<float> GetFloatList(HoconPath path, IList<float> @default) => Read(path, @default, static value => value.GetFloatList());

    public virtual IList<double> GetDoubleList(string path) => GetDoubleList(HoconPath.Parse(path));

    public virtual IList<double> GetDoubleList(string path, IList<double> @default) => GetDoubleList(HoconPath.Parse(path), @default);

    public virtual IList<double> GetDoubleList(HoconPath path) => Read(path, static value => value.GetDoubleList());

    public virtual IList<double> GetDoubleList(HoconPath path, IList<double> @default) => Read(path, @default, static value => value.GetDoubleList());

    public virtual IList<decimal> GetDecimalList(string path) => GetDecimalList(HoconPath.Parse(path));

    public virtual IList<decimal> GetDecimalList(string path, IList<decimal> @default) => GetDecimalList(HoconPath.Parse(path), @default);

    public virtual IList<decimal> GetDecimalList(HoconPath path) => Read(path, static value => value.GetDecimalList());

    public virtual IList<decimal> GetDecimalList(HoconPath path, IList<decimal> @default) => Read(path, @default, static value => value.GetDecimalList());

    public virtual IList<HoconObject> GetObjectList(string path) => GetObjectList(HoconPath.Parse(path));

    public virtual IList<HoconObject> GetObjectList(string path, IList<HoconObject> @default) => GetObjectList(HoconPath.Parse(path), @default);

    public virtual IList<HoconObject> GetObjectList(HoconPath path) => Read(path, static value => value.GetObjectList());

    public virtual IList<HoconObject> GetObjectList(HoconPath path, IList<HoconObject> @default = null) => Read(path, @default, static value => value.GetObjectList());

    public virtual TimeSpan GetTimeSpan(string path, bool allowInfinite = true) => GetTimeSpan(HoconPath.Parse(path), allowInfinite);

    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default, bool allowInfinite = true) =>
        GetTimeSpan(HoconPath.Parse(path), @default, allowInfinite);

    public virtual TimeSpan GetTimeSpan(HoconPath path, bool allowInfinite = true) => Read(path, value => value.GetTimeSpan(allowInfinite));

    public virtual TimeSpan GetTimeSpan(HoconPath path, TimeSpan? @default, bool allowInfinite = true) =>
        Read(path, @default.GetValueOrDefault(), value => value.GetTimeSpan(allowInfinite));

    private T Read<T>(HoconPath path, Func<HoconValue, T> read)
    {
        var value = GetValue(path);
        try
        {
            return read(value);
        }
        catch (Exception problem) when (problem is FormatException or OverflowException or NotSupportedException or HoconException)
        {
            throw new HoconValueException($"The value at [{path}] cannot be read: {problem.Message}", path.Value, problem);
        }
    }

    private T Read<T>(HoconPath path, T @default, Func<HoconValue, T> read) => HasPath(path) ? Read(path, read) : @default;
}
